// swift-tools-version: 6.2
import PackageDescription

// Swift code is memory-safe by the compiler's word, and nothing that the compiler doubts is let through.
let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library under Sources/. Its dependencies are the only modules that it may know.
func library(_ name: String, _ dependencies: [String], exclude: [String] = []) -> Target {
  .target(
    name: name, dependencies: dependencies.map { .byName(name: $0) }, exclude: exclude,
    swiftSettings: swift)
}

/// The tests of one library, with the fixtures that it reads.
func tests(_ name: String, _ dependencies: [String], fixtures: Bool = false) -> Target {
  .testTarget(
    name: name, dependencies: dependencies.map { .byName(name: $0) },
    exclude: fixtures ? ["Fixtures"] : [], swiftSettings: swift)
}

let package = Package(
  name: "thimble",
  products: [
    .library(name: "Thimble", targets: ["Thimble"]),
    .executable(name: "thimble", targets: ["ThimbleCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    // Without traits: what they add needs the whole of Foundation.
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "CThimbleKernels"),
    library("ThimbleSystem", ["CThimbleKernels", "CZstd"]),
    library("ThimbleJSON", ["ThimbleSystem"]),
    library("ThimbleArchitecture", ["ThimbleJSON", "ThimbleSystem"]),
    library("ThimbleFormat", ["ThimbleSystem"]),
    library("ThimbleOps", ["ThimbleSystem"]),
    library("ThimbleText", ["ThimbleSystem"], exclude: ["Rules/NOTICE.md"]),
    library("ThimbleCheckpoint", ["ThimbleSystem", "ThimbleJSON"]),
    library("ThimbleImport", ["ThimbleCheckpoint", "ThimbleArchitecture", "ThimbleText"]),
    library("ThimbleModel", ["ThimbleFormat", "ThimbleOps", "ThimbleArchitecture"]),
    library("ThimbleContents", ["ThimbleFormat", "ThimbleArchitecture", "ThimbleText"]),
    library("ThimbleRounding", ["ThimbleArchitecture", "ThimbleSystem"]),
    library("ThimbleConvert", ["ThimbleImport", "ThimbleContents", "ThimbleRounding"]),
    library("Thimble", ["ThimbleModel", "ThimbleContents", "ThimbleJSON"]),
    library("ThimbleReference", ["Thimble", "ThimbleImport"]),
    library("ThimbleEvaluation", ["ThimbleReference"]),
    library("ThimbleCalibration", ["ThimbleConvert", "ThimbleEvaluation", "ThimbleRounding"]),
    .target(
      name: "ThimbleServer",
      dependencies: [
        "Thimble", "ThimbleJSON",
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOExtras", package: "swift-nio-extras"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("Resources")],
      swiftSettings: swift),
    .executableTarget(
      name: "ThimbleCommand",
      dependencies: [
        "Thimble", "ThimbleConvert", "ThimbleEvaluation", "ThimbleCalibration", "ThimbleServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tools/thimble", swiftSettings: swift),

    .target(
      name: "ThimbleTestSupport",
      dependencies: [
        "ThimbleSystem", "ThimbleJSON", "ThimbleArchitecture", "ThimbleFormat", "ThimbleRounding",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Tests/ThimbleTestSupport", swiftSettings: swift),
    tests("ThimbleSystemTests", ["ThimbleSystem", "ThimbleTestSupport"]),
    tests("ThimbleJSONTests", ["ThimbleJSON"]),
    tests("ThimbleArchitectureTests", ["ThimbleArchitecture"]),
    tests(
      "ThimbleFormatTests", ["ThimbleFormat", "ThimbleModel", "ThimbleTestSupport"],
      fixtures: true),
    tests("ThimbleOpsTests", ["ThimbleOps", "ThimbleTestSupport"]),
    tests(
      "ThimbleTextTests", ["ThimbleText", "ThimbleJSON", "ThimbleTestSupport"], fixtures: true),
    tests("ThimbleCheckpointTests", ["ThimbleImport", "ThimbleTestSupport"], fixtures: true),
    tests("ThimbleImportTests", ["ThimbleImport", "ThimbleTestSupport"]),
    tests("ThimbleRoundingTests", ["ThimbleRounding", "ThimbleTestSupport"]),
    tests("ThimbleConvertTests", ["ThimbleConvert", "ThimbleTestSupport"]),
    tests(
      "ThimbleModelTests", ["ThimbleReference", "ThimbleConvert", "ThimbleTestSupport"],
      fixtures: true),
    tests(
      "ThimbleEvaluationTests", ["ThimbleEvaluation", "ThimbleConvert", "ThimbleTestSupport"],
      fixtures: true),
    tests("ThimbleCalibrationTests", ["ThimbleCalibration", "ThimbleTestSupport"]),
    tests(
      "ThimbleTests", ["ThimbleReference", "ThimbleConvert", "ThimbleTestSupport"],
      fixtures: true),
    tests("ThimbleServerTests", ["ThimbleServer", "ThimbleConvert", "ThimbleTestSupport"]),
    tests("CommandTests", ["ThimbleCommand", "ThimbleJSON", "ThimbleTestSupport"], fixtures: true),
  ]
)
