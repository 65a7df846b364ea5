internal import ThimbleJSON
internal import ThimbleSystem

/// What this machine could do at best: the measure of every other figure. Measured, not looked up.
struct MachineLimits {
  let kernels: KernelTable
  let threads: Int
  /// Bytes read from memory per second, by all threads.
  let memory: Double
  /// int8 multiply-adds per second of all threads, on data that stay in the nearest cache.
  let multiply: Double
  /// Bytes of codes per second that all threads decode from nibble planes at about 6 bits per weight.
  let decode: Double

  init(threads: Int) throws {
    self.threads = threads
    kernels =
      try environment("THIMBLE_ISA").map { name throws(KernelError) in try KernelTable.named(name) }
      ?? .best
    let pool = try ComputePool(threadCount: threads)
    memory = try Self.memoryRate(pool)
    multiply = try Self.multiplyRate(pool, kernels)
    decode = try Self.decodeRate(pool, kernels)
  }

  /// The best of several runs of `body` on every thread, in units of `work` per second and thread.
  private static func best(
    _ pool: ComputePool, work: Double, _ body: (_ worker: Int) throws -> Void
  ) rethrows -> Double {
    var best = 0.0
    for _ in 0..<5 {
      let start = monotonicSeconds()
      try pool.run(count: pool.threadCount) { task, _ in try body(task) }
      best = max(best, work * Double(pool.threadCount) / (monotonicSeconds() - start))
    }
    return best
  }

  private static func memoryRate(_ pool: ComputePool) throws -> Double {
    // In all beyond the caches of small machines, and little enough for their memory.
    let count = max(64 << 20, pool.threadCount * 32 << 20) / 8 / pool.threadCount
    let arrays = try (0..<pool.threadCount).map { _ in
      let array = try AlignedArray<UInt64>(count: count)
      for page in stride(from: 0, to: count, by: 512) { array[page] = 1 }
      return array
    }
    let sums = try AlignedArray<UInt64>(count: pool.threadCount)
    return best(pool, work: Double(count * 8)) { worker in
      arrays[worker].withSpan(0..<count) { span in
        var sum: UInt64 = 0
        for index in span.indices { sum &+= span[index] }
        sums[worker] = sum
      }
    }
  }

  private static func multiplyRate(_ pool: ComputePool, _ kernels: KernelTable) throws -> Double {
    let (k, tokens, rounds) = (512, 120, 400)
    let operands = try (0..<pool.threadCount).map { _ in
      (
        codes: try AlignedArray<UInt8>(count: 32 * k),
        scales: try AlignedArray<UInt8>(count: 32 * k / 64),
        x: try QuantizedRows(rows: tokens, k: k), bias: try AlignedArray<Float>(count: 32),
        out: try AlignedArray<Float>(count: tokens * 32)
      )
    }
    return best(pool, work: Double(rounds * 32 * k * tokens)) { worker in
      let operand = operands[worker]
      let panel = Q8Panel(
        codes: operand.codes.from(0), scaleCodes: operand.scales.from(0),
        steps: StepTable(step: 1), k: k)
      for _ in 0..<rounds {
        kernels.matmulQ8(
          panel, x: operand.x, tokens: 0..<tokens, bias: operand.bias.from(0),
          out: Rows(operand.out, stride: 32))
      }
    }
  }

  private static func decodeRate(_ pool: ComputePool, _ kernels: KernelTable) throws -> Double {
    let (count, rounds) = (160 << 10, 60)
    let half = count / 2
    let codes = try AlignedArray<UInt8>(count: count)
    var state: UInt64 = 1
    for index in 0..<count {
      // Codes of normally distributed weights at 16 steps to the standard deviation.
      var sum = -96
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        sum += Int(state >> 60)
      }
      codes[index] = UInt8(clamping: 128 + sum + 6)
    }
    let low = try AlignedArray<UInt8>(count: half)
    let high = try AlignedArray<UInt8>(count: half)
    kernels.splitPlanes(codes.from(0), half: half, low: low.from(0), high: high.from(0))
    let frame = try AlignedArray<UInt8>(count: ZstdEncoder.bound(half))
    let size = try ZstdEncoder(.literalsOnly).encode(high, 0..<half, into: frame, at: 0)
    let workers = try (0..<pool.threadCount).map { _ in
      (
        zstd: try ZstdDecoder(), plane: try AlignedArray<UInt8>(count: half),
        out: try AlignedArray<UInt8>(count: count)
      )
    }
    return try best(pool, work: Double(rounds * count)) { worker in
      let own = workers[worker]
      for _ in 0..<rounds {
        try own.zstd.decode(ByteView(frame)[0..<size], into: own.plane, at: 0, count: half)
        kernels.joinPlanes(low: ByteView(low), high: own.plane.from(0), into: own.out.from(0))
      }
    }
  }

  var text: String {
    """
    \(threads) thread\(threads == 1 ? "" : "s"), kernels \(kernels.name)
    limits of this machine: memory \(decimal(memory / 1e9, 1)) GB/s, \
    int8 \(decimal(multiply / 1e9, 0)) G multiply-adds/s, decoding \(decimal(decode / 1e9, 2)) GB/s

    """
  }

  var json: JSONValue {
    .object([
      "kernels": .string(kernels.name), "memoryBytesPerSecond": .number(memory),
      "multiplyAddsPerSecond": .number(multiply), "decodedBytesPerSecond": .number(decode),
    ])
  }
}
