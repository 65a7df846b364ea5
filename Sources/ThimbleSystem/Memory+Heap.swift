internal import CThimbleKernels

/// Keeps the C heap small rather than fast, for a process that lives long: few arenas, and large blocks go back to the
/// system when they are freed.
public func keepHeapSmall() { tk_keep_heap_small() }
