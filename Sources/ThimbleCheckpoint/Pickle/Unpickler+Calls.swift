// What a pickle may call: a few functions, of which each has its meaning here.
extension Unpickler {
  mutating func reduce(
    _ function: PickleValue, _ arguments: PickleValue
  ) throws(PickleFault) {
    guard case .global(let global) = function else {
      throw .target("REDUCE", found: function.kind)
    }
    guard case .tuple(let index) = arguments else { throw .target("REDUCE", found: arguments.kind) }
    let items = heap.arguments(index)
    switch global {
    case .orderedDictionary:
      try pushDictionary(isOrdered: true)
      if !items.isEmpty { try setItems(try pairs(items)) }
    case .rebuildTensor, .rebuildTensor2, .rebuildTensor3:
      try stack.push(try tensor(global, items))
    case .rebuildParameter:
      guard items.count == 3, case .tensor = items[0] else {
        throw .arguments(of: "_rebuild_parameter")
      }
      try stack.push(items[0])
    case .size:
      guard items.count == 1, case .tuple = items[0] else { throw .arguments(of: "torch.Size") }
      try stack.push(items[0])
    case .inert:
      try stack.push(.inert)
    case .storage, .untypedStorage, .elementType:
      throw .target("REDUCE", found: "a type")
    }
  }

  /// The keys and values of `OrderedDict([(key, value), ...])`, as old pickles write it.
  private func pairs(_ arguments: [PickleValue]) throws(PickleFault) -> [PickleValue] {
    guard arguments.count == 1, case .list(let index) = arguments[0] else {
      throw .arguments(of: "OrderedDict")
    }
    var items: [PickleValue] = []
    for pair in heap.lists[Int(index)] {
      let values: [PickleValue]
      switch pair {
      case .tuple(let index): values = heap.arguments(index)
      case .list(let index): values = heap.lists[Int(index)]
      default: values = []
      }
      guard values.count == 2 else { throw .arguments(of: "OrderedDict") }
      items += values
    }
    return items
  }
}
