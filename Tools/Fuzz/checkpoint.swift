// libFuzzer's entry for checkpoints: opens the input as one and looks at what its tensors claim.
import ThimbleCheckpoint
import ThimbleSystem

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCheckpoint(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let bytes = try? ByteView(input),
    let checkpoint = try? Checkpoint.read(bytes, path: "/nowhere/input")
  else { return 0 }
  for tensor in checkpoint.tensors {
    precondition(tensor.bytes.count * 8 == tensor.elementCount * tensor.elementType.bitCount)
    for byte in tensor.bytes.bytes() where byte == 0xA5 { continue }
  }
  if let object = checkpoint.object {
    for (key, value) in object.entries {
      _ = (key.string, value.string, value.integer, value.double, value.elements, value.entryCount)
      _ = try? value.tensors()
    }
  }
  return 0
}
