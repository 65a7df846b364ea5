public import ArgumentParser
public import Thimble
public import ThimbleModel
public import ThimbleSystem
public import ThimbleText

// What the libraries let choose, as values of options: --help and error messages list them.
extension ActivationPrecision: ExpressibleByArgument {}
extension Aggregation: ExpressibleByArgument {}
extension Convention: ExpressibleByArgument {}
extension EncodingOptions.Mode: ExpressibleByArgument {}
extension Pooling: ExpressibleByArgument {}
extension ScoreMethod: ExpressibleByArgument {}
extension TruncationSide: ExpressibleByArgument {}
