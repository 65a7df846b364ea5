/// Formats/numerics.md in plain Swift: the definition that every kernel is held to. Written to be
/// read beside it, and slow.
public enum Reference {
  /// fma(a, b, c)
  static func fma(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }

  static func chain(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
    zip(a, b).reduce(0) { fma($1.0, $1.1, $0) }
  }

  // §1
  static func treeSum(_ partial: [Float]) -> Float {
    var sums = partial
    for half in [8, 4, 2, 1] {
      for j in 0..<half { sums[j] += sums[j + half] }
    }
    return sums[0]
  }

  static func sum(_ row: some Sequence<Float>) -> Float {
    var partial = [Float](repeating: 0, count: 16)
    for (i, x) in row.enumerated() { partial[i % 16] += x }
    return treeSum(partial)
  }

  static func sumOfSquares(_ row: some Sequence<Float>) -> Float {
    var partial = [Float](repeating: 0, count: 16)
    for (i, d) in row.enumerated() { partial[i % 16] = fma(d, d, partial[i % 16]) }
    return treeSum(partial)
  }

  /// §2
  public static func exp(_ x: Float) -> Float {
    guard x >= -87 else { return 0 }
    let n = fma(x, 0x1.715476p0, 0x1.8p23) - 0x1.8p23
    let r = fma(n, -0x1.7f7d1cp-20, fma(n, -0x1.62e4p-1, x))
    var p: Float = 0x1.6a5188p-10
    for c: Float in [0x1.12398p-7, 0x1.5558acp-5, 0x1.555492p-3, 0x1.fffffcp-2, 1, 1] {
      p = fma(p, r, c)
    }
    return Float(sign: .plus, exponent: Int(n), significand: p)
  }

  /// §3
  public static func gelu(_ x: Float) -> Float {
    let a = min(abs(x), 8.5)
    var p: Float = -0x1.36eb62p-22
    let coefficients: [Float] = [
      0x1.ef7354p-18, -0x1.f4706cp-15, 0x1.0f525ep-15, 0x1.8b4bcep-10, -0x1.623c8p-11,
      -0x1.0589cp-5, -0x1.769c98p-4, 0x1.d5818ep-1,
    ]
    for c in coefficients { p = fma(p, a, c) }
    for _ in 0..<3 { p = p * p }
    return fma(-a, p, x > 0 ? x : 0)
  }

  /// §8
  public static func layerNorm(
    _ x: [Float], residual: [Float]?, weight: [Float], bias: [Float], epsilon: Float
  ) -> [Float] {
    let n = Float(x.count)
    let s = residual.map { zip(x, $0).map { $0 + $1 } } ?? x
    let mean = sum(s) / n
    let d = s.map { $0 - mean }
    let variance = sumOfSquares(d) / n
    let r = 1 / (variance + epsilon).squareRoot()
    return d.indices.map { fma(d[$0] * r, weight[$0], bias[$0]) }
  }

  /// §9
  public static func sumExp(_ row: some Collection<Float>) -> (max: Float, sum: Float) {
    let max = (row.max() ?? 0) + 0
    return (max, sum(row.map { exp($0 - max) }))
  }

  /// §9, for one head: rows of q, k and v to rows of the result.
  public static func attention(
    q: [[Float]], k: [[Float]], v: [[Float]], isCausal: Bool
  ) -> [[Float]] {
    q.indices.map { i in
      let headDim = q[i].count
      let scale = 1 / Float(headDim).squareRoot()
      let scaled = q[i].map { $0 * scale }
      let scores = k.map { chain(scaled, $0) }
      let visible = isCausal ? scores.prefix(i + 1) : scores[...]
      let (max, sum) = sumExp(visible)
      let p = scores.indices.map { $0 < visible.endIndex ? exp(scores[$0] - max) : 0 }
      let inverse = 1 / sum
      return (0..<headDim).map { c in chain(p, v.lazy.map { $0[c] }) * inverse + 0 }
    }
  }
}
