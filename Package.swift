// swift-tools-version: 6.2
import PackageDescription

// Floors, from the ground up: a target imports lower floors only, and of those only what its line says.
// docs/ARCHITECTURE.md tells what each one may never know; scripts/build refuses undeclared imports.
var targets: [Target] = [
  // floor 0: values and pure machinery
  .systemLibrary(name: "CPty"),
  .target(name: "ArrobaJSON"),
  .target(name: "ArrobaSupervision"),
  .target(name: "ArrobaTerminal"),
  .target(name: "ArrobaTime"),
  // floor 1: the machine, the words on the wire
  .target(name: "ArrobaLoop", dependencies: ["CPty"]),
  .target(name: "ArrobaSystem", dependencies: ["ArrobaTime", "CPty"]),
  .target(name: "ArrobaRelayWire", dependencies: ["ArrobaJSON"]),
  .target(name: "ArrobaWire", dependencies: ["ArrobaJSON"]),
  // floor 2: the model, keeping, and the contract with what runs
  .target(name: "ArrobaModel", dependencies: ["ArrobaJSON", "ArrobaTime", "ArrobaWire"]),
  .target(name: "ArrobaHTTP", dependencies: ["ArrobaLoop", "ArrobaSystem"]),
  .target(name: "ArrobaLog", dependencies: ["ArrobaLoop", "ArrobaSystem"]),
  .target(name: "ArrobaProvider", dependencies: ["ArrobaLoop", "ArrobaModel", "ArrobaSupervision"]),
  .target(name: "ArrobaTransport", dependencies: ["ArrobaJSON", "ArrobaRelayWire", "ArrobaSystem"]),
  // floor 3: behaviour
  .target(
    name: "ArrobaAdapters",
    dependencies: [
      "ArrobaHTTP", "ArrobaJSON", "ArrobaLoop", "ArrobaModel", "ArrobaProvider", "ArrobaSupervision",
      "ArrobaSystem",
      "ArrobaWire",
    ]),
  .target(
    name: "ArrobaClient",
    dependencies: ["ArrobaJSON", "ArrobaRelayWire", "ArrobaSystem", "ArrobaTransport", "ArrobaWire"]),
  .target(
    name: "ArrobaKernel",
    dependencies: [
      "ArrobaJSON", "ArrobaLog", "ArrobaLoop", "ArrobaModel", "ArrobaProvider", "ArrobaSupervision",
      "ArrobaTerminal", "ArrobaWire",
    ]),
  .target(
    name: "ArrobaRelay",
    dependencies: ["ArrobaJSON", "ArrobaRelayWire", "ArrobaSystem", "ArrobaTime", "ArrobaWire"]),
  .target(name: "ArrobaScripted", dependencies: ["ArrobaJSON", "ArrobaLoop", "ArrobaSystem"]),
  .target(name: "ArrobaSupervisor", dependencies: ["ArrobaSupervision", "ArrobaSystem", "CPty"]),
  // floor 4: surfaces
  .target(
    name: "ArrobaCLI",
    dependencies: [
      "ArrobaClient", "ArrobaJSON", "ArrobaRelayWire", "ArrobaSupervision", "ArrobaSystem",
      "ArrobaTerminal", "ArrobaTime", "ArrobaTransport", "ArrobaWire",
    ]),
  .target(
    name: "ArrobaDaemon",
    dependencies: [
      "ArrobaJSON", "ArrobaKernel", "ArrobaLog", "ArrobaLoop", "ArrobaModel", "ArrobaProvider",
      "ArrobaRelayWire", "ArrobaSupervision", "ArrobaSystem", "ArrobaTerminal", "ArrobaTransport",
      "ArrobaWire",
    ]),
  // floor 5: mains
  // Each command is a process of its own: half the time of its start was the dynamic loader's.
  .executableTarget(
    name: "arroba", dependencies: ["ArrobaCLI"],
    linkerSettings: [.unsafeFlags(["-static-executable"], .when(configuration: .release))]),
  .executableTarget(
    name: "arroba-daemon",
    dependencies: [
      "ArrobaAdapters", "ArrobaDaemon", "ArrobaJSON", "ArrobaLoop", "ArrobaProvider", "ArrobaSupervision",
      "ArrobaSystem", "ArrobaWire",
    ]),
  // For a machine that may have nothing else of ours, nor of Swift.
  .executableTarget(
    name: "arroba-relay", dependencies: ["ArrobaRelay", "ArrobaSystem"],
    linkerSettings: [.unsafeFlags(["-static-executable"], .when(configuration: .release))]),
  .executableTarget(name: "arroba-scripted", dependencies: ["ArrobaScripted", "ArrobaSystem"]),
  // It stays resident beside every daemon: without a dynamic loader it takes 3.8 MB instead of 6.4.
  .executableTarget(
    name: "arroba-supervisor", dependencies: ["ArrobaSupervisor"],
    linkerSettings: [.unsafeFlags(["-static-executable"], .when(configuration: .release))]),
  // tests
  .target(
    name: "ArrobaTestSupport", dependencies: ["ArrobaJSON", "ArrobaSystem", "ArrobaWire"],
    path: "Tests/Support"),
  .testTarget(name: "ArrobaJSONTests", dependencies: ["ArrobaJSON", "ArrobaTestSupport"]),
  .testTarget(
    name: "ArrobaRelayTests",
    dependencies: [
      "ArrobaJSON", "ArrobaRelay", "ArrobaRelayWire", "ArrobaSystem", "ArrobaTestSupport", "ArrobaTransport",
      "arroba-relay",
    ]),
  .testTarget(name: "ArrobaRelayWireTests", dependencies: ["ArrobaJSON", "ArrobaRelayWire"]),
  .testTarget(name: "ArrobaSupervisionTests", dependencies: ["ArrobaSupervision"]),
  .testTarget(
    name: "ArrobaTerminalTests", dependencies: ["ArrobaJSON", "ArrobaTerminal", "ArrobaTestSupport"]),
  .testTarget(name: "ArrobaLoopTests", dependencies: ["ArrobaLoop", "ArrobaTestSupport"]),
  .testTarget(
    name: "ArrobaModelTests",
    dependencies: ["ArrobaJSON", "ArrobaModel", "ArrobaSystem", "ArrobaTestSupport", "ArrobaWire"]),
  .testTarget(name: "ArrobaSystemTests", dependencies: ["ArrobaSystem", "ArrobaTestSupport", "ArrobaTime"]),
  .testTarget(name: "ArrobaWireTests", dependencies: ["ArrobaJSON", "ArrobaTestSupport", "ArrobaWire"]),
  .testTarget(
    name: "ArrobaLogTests", dependencies: ["ArrobaLog", "ArrobaLoop", "ArrobaSystem", "ArrobaTestSupport"]),
  .testTarget(
    name: "ArrobaKernelTests",
    dependencies: [
      "ArrobaJSON", "ArrobaKernel", "ArrobaLog", "ArrobaLoop", "ArrobaModel", "ArrobaProvider",
      "ArrobaSupervision", "ArrobaTestSupport", "ArrobaWire",
    ]),
  .testTarget(
    name: "ArrobaAdaptersTests",
    dependencies: [
      "ArrobaAdapters", "ArrobaHTTP", "ArrobaJSON", "ArrobaLoop", "ArrobaModel", "ArrobaProvider",
      "ArrobaSupervision", "ArrobaSystem", "ArrobaTestSupport", "arroba-scripted", "claude-stub",
    ]),
  .testTarget(
    name: "ArrobaHTTPTests", dependencies: ["ArrobaHTTP", "ArrobaLoop", "ArrobaSystem", "ArrobaTestSupport"]),
  .executableTarget(
    name: "claude-stub", dependencies: ["ArrobaJSON", "CPty"], path: "Tests/ClaudeStub"),
  .executableTarget(
    name: "supervised-stub",
    dependencies: ["ArrobaAdapters", "ArrobaLoop", "ArrobaProvider", "ArrobaSystem"],
    path: "Tests/SupervisedStub"),
  .testTarget(
    name: "ArrobaSupervisorTests",
    dependencies: [
      "ArrobaAdapters", "ArrobaLoop", "ArrobaModel", "ArrobaProvider", "ArrobaSupervision",
      "ArrobaSupervisor", "ArrobaSystem",
      "ArrobaTestSupport", "arroba-supervisor", "supervised-stub",
    ]),
  .testTarget(
    name: "ArrobaCLITests",
    dependencies: [
      "ArrobaCLI", "ArrobaClient", "ArrobaJSON", "ArrobaRelayWire", "ArrobaSupervision", "ArrobaSystem",
      "ArrobaTerminal",
      "ArrobaTestSupport", "ArrobaTime", "ArrobaWire", "CPty",
    ]),
  .executableTarget(
    name: "journey-stub", dependencies: ["ArrobaTestSupport", "CPty"], path: "Tests/JourneyStub"),
  .systemLibrary(name: "CHold", path: "Tests/CHold"),
  .testTarget(
    name: "JourneyTests",
    dependencies: [
      "ArrobaJSON", "ArrobaSystem", "ArrobaTestSupport", "ArrobaWire", "CHold", "CPty", "arroba",
      "arroba-daemon", "arroba-relay", "arroba-scripted",
      "arroba-supervisor", "claude-stub", "journey-stub",
    ]),
  .testTarget(name: "TidyTests", dependencies: ["ArrobaSystem", "ArrobaWire"]),
]

for target in targets where target.type != .system {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
  ]
}

let package = Package(
  name: "arroba",
  products: [
    .executable(name: "arroba", targets: ["arroba"]),
    .executable(name: "arroba-daemon", targets: ["arroba-daemon"]),
    .executable(name: "arroba-relay", targets: ["arroba-relay"]),
    .executable(name: "arroba-scripted", targets: ["arroba-scripted"]),
    .executable(name: "arroba-supervisor", targets: ["arroba-supervisor"]),
  ],
  targets: targets,
  swiftLanguageModes: [.v6]
)
