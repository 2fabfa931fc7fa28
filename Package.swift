// swift-tools-version:6.2
import PackageDescription

/// Settings of every target: the strictest the compiler offers.
let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Only the kits own C pointers; everywhere else an unsafe expression does not compile.
let strict: [SwiftSetting] = common + [.strictMemorySafety()]

/// The released program has no symbols: it is a quarter of the size.
let stripped: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "-s"], .when(configuration: .release))]

// Products of packages that several targets need.
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

/// The module map of a C library, and the Debian package that has it.
func system(_ name: String, pkgConfig: String, package: String) -> Target {
    .systemLibrary(name: name, path: "Sources/Kits/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

/// A module in the folder of its name.
func module(
    _ name: String, in folder: String, on dependencies: [Target.Dependency], settings: [SwiftSetting] = strict
) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(folder)/\(name)", swiftSettings: settings)
}

/// A part of the control plane's core.
func core(_ name: String, on dependencies: [Target.Dependency]) -> Target {
    module(name, in: "ControlPlane/Core", on: dependencies)
}

/// The owner of C libraries.
func kit(_ name: String, on libraries: [Target.Dependency] = []) -> Target {
    module(name, in: "Kits", on: libraries, settings: common)
}

/// A feature of the Management API: what most of them stand on, and what this one needs besides.
func feature(_ name: String, and more: [Target.Dependency] = []) -> Target {
    let ground: [Target.Dependency] = ["APIKit", "FeatureKit", "Identity", "Orchestrator", "ProjectModel", httpTypes]
    return module(name, in: "ControlPlane/Features", on: ground + more)
}

/// What implements ports of the core and of features by one technology.
func adapter(_ name: String, on dependencies: [Target.Dependency]) -> Target {
    module(name, in: "ControlPlane/Adapters", on: dependencies)
}

/// What a feature decides and the ports that it needs, without HTTP: adapters implement them.
func model(_ name: String, and more: [Target.Dependency] = []) -> Target {
    module(name, in: "ControlPlane/Features", on: ["Orchestrator", "ProjectModel"] + more)
}

/// An API of the data plane: what all of them stand on, and what this one needs besides.
func dataPlane(_ name: String, and more: [Target.Dependency] = []) -> Target {
    module(name, in: "DataPlane", on: ["DataPlaneCore", "PostgresKit", "TokenKit"] + more)
}

/// Tests in the folder of their name.
func tests(_ name: String, on modules: [Target.Dependency], settings: [SwiftSetting] = common) -> Target {
    .testTarget(name: name, dependencies: modules, swiftSettings: settings)
}

/// Tests of the model of a feature.
func modelTests(of name: String, and more: [Target.Dependency] = []) -> Target {
    let ground: [Target.Dependency] = [.byName(name: name), "Orchestrator", "OrchestratorTesting", "ProjectModel"]
    return tests("\(name)Tests", on: ground + more, settings: strict)
}

/// Tests of an API of the data plane, on a database of their own.
func dataPlaneTests(of name: String, and more: [Target.Dependency] = []) -> Target {
    let ground: [Target.Dependency] = [.byName(name: name), "DataPlaneCore", "PostgresKit", "TokenKit"]
    return tests("\(name)Tests", on: ground + ["PostgresTestSupport"] + more)
}

let package = Package(
    name: "supamanager",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms", exact: "1.1.4"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Layer 0: module maps of the system libraries.
        system("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
        system("CPostgres", pkgConfig: "libpq", package: "libpq-dev"),
        system("COpenSSL", pkgConfig: "libcrypto", package: "libssl-dev"),
        system("CYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
        system("CArgon2", pkgConfig: "libargon2", package: "libargon2-dev"),
        system("CCrypt", pkgConfig: "libxcrypt", package: "libcrypt-dev"),
        system("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),

        // Layer 1: kits (owners of the C libraries, no domain) and the model (the domain, no library).
        kit("Locks"),
        kit("CurlKit", on: ["CCurl", "Locks"]),
        kit("PostgresKit", on: ["CPostgres", "Locks"]),
        kit("PasswordKit", on: ["CArgon2", "CCrypt", "Locks"]),
        // What both programs write their log through.
        kit("LogKit"),
        kit("DeflateKit", on: ["CZlib"]),
        kit("FileKit"),
        .systemLibrary(name: "CVips", path: "Sources/Kits/CVips"),
        kit("ImageKit", on: ["CVips"]),
        kit("TokenKit", on: ["COpenSSL"]),
        kit("MessageKit", on: ["TokenKit"]),
        kit("YAMLKit", on: ["CYAML"]),
        // Who a client is on the network: both planes count by it.
        module("Clients", in: "Kits", on: []),
        core("ProjectModel", on: ["Clients"]),

        // Layer 2: the pure core.
        core("Reconciler", on: ["ProjectModel"]),

        // Layer 3: ports and loops.
        core("Orchestrator", on: ["ProjectModel", "Reconciler", logging, serviceLifecycle]),

        // Models and ports of features: what is about projects and does not decide their status.
        model("BackupModel"),
        model("BackupOperations", and: ["BackupModel", "Reconciler", logging]),
        model("ConsistencyModel", and: ["Reconciler"]),
        model("FunctionModel", and: [logging]),
        model("NotificationModel", and: ["Clients", logging]),
        model("ProjectSQL"),
        model("SettingTables"),
        model("SnippetModel"),
        model("UsageModel"),
        // Which of them take part in the transactions of events.
        model("EventConsumers", and: ["NotificationModel"]),

        // Accounts, organizations, roles and tokens: what is decided about people, and the ports it needs.
        core("Identity", on: ["Clients", "ProjectModel", "Orchestrator"]),

        // Layer 4: adapters, named after their technology.
        adapter("DockerEngine", on: ["ConsistencyModel", "CurlKit", "Orchestrator", "ProjectModel", "Reconciler"]),
        adapter(
            "PostgresStore",
            on: [
                "BackupModel", "BackupOperations", "ConsistencyModel", "EventConsumers", "FunctionModel", "Identity",
                "NotificationModel", "Orchestrator", "PostgresKit", "ProjectModel", "Reconciler", "SnippetModel",
                "TokenKit", "UsageModel",
            ]),
        // The private PostgreSQL of an installation that names none.
        adapter("EmbeddedPostgres", on: ["PostgresKit"]),
        // What runs inside a project: its database by libpq, its gateway by libcurl.
        adapter(
            "ProjectAccess", on: ["CurlKit", "Orchestrator", "PostgresKit", "ProjectModel", "ProjectSQL", "TokenKit"]),
        adapter(
            "ComposeTemplates",
            on: ["FunctionModel", "Orchestrator", "ProjectModel", "Reconciler", "SettingTables", "TokenKit", "YAMLKit"]),
        adapter("ProjectKeys", on: ["Identity", "Orchestrator", "PasswordKit", "ProjectModel", "TokenKit"]),
        adapter(
            "ReplicationArchive",
            on: ["BackupModel", "CurlKit", "DeflateKit", "FileKit", "PostgresKit", "ProjectModel", "TokenKit"]),
        adapter(
            "NotificationSenders",
            on: ["Clients", "CurlKit", "MessageKit", "NotificationModel", "ProjectModel", "TokenKit"]),
        adapter("InstallationArchive", on: ["FileKit", "PasswordKit", "TokenKit"]),
        adapter("LinuxHost", on: ["Clients", "ConsistencyModel", "Orchestrator", "ProjectModel"]),
        adapter(
            "NetworkProbes",
            on: ["Orchestrator", "ProjectModel", "Reconciler", nioCore, nioHTTP1, nioPosix]),

        // The data plane of a lite project; it knows nothing of the control plane.
        module("DataPlaneCore", in: "DataPlane", on: ["TokenKit"]),
        dataPlane("RestAPI"),
        dataPlane("AuthAPI", and: ["Clients", "MessageKit", "PasswordKit"]),
        dataPlane("StorageAPI", and: ["FileKit"]),
        dataPlane("RealtimeAPI"),
        dataPlane("FunctionsAPI"),

        // What one client can make a server hold or wait for: both planes' servers keep to it. It knows neither.
        module("HTTPBounds", in: "Web", on: ["Clients", httpTypes, hummingbirdCore, logging, nioCore]),

        // Layer 5: the HTTP face. What every route has in common comes first; it knows no feature.
        module(
            "APIKit", in: "Web",
            on: [
                "Clients", "HTTPBounds", "Identity", "Orchestrator", "ProjectModel",
                .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
                .product(name: "Hummingbird", package: "hummingbird"),
                httpTypes, hummingbirdCore, logging, nioCore, serviceLifecycle,
            ]),
        // Features: each with its routes, and what they stand on. They do not know each other.
        module(
            "FeatureKit", in: "ControlPlane/Features",
            on: [
                "APIKit", "FunctionModel", "Identity", "Orchestrator", "ProjectModel", "Reconciler", "SettingTables",
                httpTypes, nioCore,
            ]),
        feature("Accounts"),
        feature("Backups", and: ["BackupModel", "BackupOperations", "Reconciler"]),
        feature("Dashboard", and: ["SettingTables", .product(name: "Mustache", package: "swift-mustache"), nioCore]),
        feature("EdgeFunctions", and: ["FunctionModel", nioCore]),
        feature("Installation", and: ["ConsistencyModel", "HTTPBounds", "Reconciler", logging]),
        feature("Notifications", and: ["NotificationModel"]),
        feature("ProjectData", and: ["ProjectSQL", "SettingTables", nioCore]),
        feature("Projects", and: ["Reconciler", "SettingTables"]),
        feature("Snippets", and: ["SnippetModel"]),
        feature("SupabaseCompatibility"),
        feature("Usage", and: ["HTTPBounds", "UsageModel"]),
        // All routes together.
        module(
            "ManagementAPI", in: "ControlPlane",
            on: [
                "APIKit", "Accounts", "Backups", "Dashboard", "EdgeFunctions", "FeatureKit", "Installation",
                "Notifications", "ProjectData", "Projects", "Snippets", "SupabaseCompatibility", "Usage",
            ]),

        // The other end of the wire: what the command line asks of a Management API.
        adapter("ManagementClient", on: ["CurlKit", "LogKit", "ProjectModel", "TokenKit"]),

        // Doubles of the ports, and contracts that doubles and adapters both keep.
        core(
            "OrchestratorTesting",
            on: [
                "BackupModel", "BackupOperations", "ConsistencyModel", "EventConsumers", "FunctionModel", "Identity",
                "Locks", "NotificationModel", "Orchestrator", "ProjectModel", "Reconciler", "SettingTables",
                "SnippetModel", "UsageModel", logging,
            ]),

        // Layer 6: the program. Wiring only.
        .executableTarget(
            name: "supamanager",
            dependencies: [
                "APIKit", "Accounts", "BackupModel", "BackupOperations", "Backups", "Clients", "ComposeTemplates",
                "ConsistencyModel", "CurlKit", "Dashboard", "DeflateKit", "DockerEngine", "EdgeFunctions",
                "EmbeddedPostgres", "FeatureKit", "FileKit", "FunctionModel", "Identity", "Installation",
                "InstallationArchive", "LinuxHost", "LogKit", "ManagementAPI", "ManagementClient", "NetworkProbes",
                "NotificationModel", "NotificationSenders", "Notifications", "Orchestrator", "PostgresKit",
                "PostgresStore", "ProjectAccess", "ProjectData", "ProjectKeys", "ProjectModel", "Projects",
                "Reconciler", "ReplicationArchive", "SettingTables", "Snippets", "SupabaseCompatibility", "TokenKit",
                "Usage", "UsageModel", argumentParser, logging, serviceLifecycle, unixSignals,
            ],
            path: "Sources/Programs/supamanager", swiftSettings: strict, linkerSettings: stripped),

        .executableTarget(
            name: "projectd",
            dependencies: [
                "AuthAPI", "Clients", "CurlKit", "DataPlaneCore", "FileKit", "FunctionsAPI", "HTTPBounds", "ImageKit",
                "LogKit", "PasswordKit", "PostgresKit", "RealtimeAPI", "RestAPI", "StorageAPI", "TokenKit",
                argumentParser, httpTypes, hummingbirdCore, logging, nioCore, nioHTTP1, nioPosix, serviceLifecycle,
                unixSignals,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            path: "Sources/Programs/projectd", swiftSettings: strict, linkerSettings: stripped),

        // What `scripts/bench api` measures the API against.
        .executableTarget(
            name: "bare-route", dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
            path: "Benchmarks/BareRoute", swiftSettings: common),

        // What `scripts/bench templates` and `scripts/bench keys` run.
        .executableTarget(
            name: "bench-core",
            dependencies: [
                "CYAML", "ComposeTemplates", "Orchestrator", "ProjectKeys", "ProjectModel", "TokenKit", argumentParser,
            ],
            path: "Benchmarks/Core", swiftSettings: common),

        // The core on a simulated host, seed after seed.
        .executableTarget(
            name: "simulate",
            dependencies: ["OrchestratorTesting", "ProjectModel", argumentParser],
            path: "Benchmarks/Simulate", swiftSettings: strict),

        // Tests. `HTTPStub`, `TemplateSamples` and `PostgresTestSupport` are shared by several of them.
        .target(name: "HTTPStub", path: "Tests/HTTPStub", swiftSettings: common),
        .target(name: "TemplateSamples", path: "Tests/TemplateSamples", swiftSettings: strict),
        .target(
            name: "PostgresTestSupport", dependencies: ["EmbeddedPostgres", "PostgresKit"],
            path: "Tests/PostgresTestSupport", swiftSettings: common),
        tests("CurlKitTests", on: ["CurlKit", "HTTPStub"]),
        tests("PostgresKitTests", on: ["EmbeddedPostgres", "Locks", "PostgresKit", "PostgresTestSupport"]),
        .testTarget(name: "LogKitTests", dependencies: ["LogKit"], swiftSettings: common),
        .testTarget(name: "TokenKitTests", dependencies: ["TokenKit"], swiftSettings: common),
        tests("HTTPBoundsTests", on: ["HTTPBounds"], settings: strict),
        tests("ClientsTests", on: ["Clients"], settings: strict),
        .testTarget(name: "YAMLKitTests", dependencies: ["YAMLKit"], swiftSettings: common),
        tests("ProjectModelTests", on: ["OrchestratorTesting", "ProjectModel"], settings: strict),
        tests("ReconcilerTests", on: ["OrchestratorTesting", "ProjectModel", "Reconciler"], settings: strict),
        tests(
            "OrchestratorTests",
            on: [
                "EventConsumers", "NotificationModel", "Orchestrator", "OrchestratorTesting", "ProjectModel",
                "Reconciler", "SettingTables", logging, serviceLifecycle,
            ], settings: strict),
        modelTests(of: "BackupOperations", and: ["BackupModel", "Reconciler", logging]),
        modelTests(of: "BackupModel"),
        modelTests(of: "ConsistencyModel"),
        modelTests(of: "FunctionModel", and: [logging]),
        modelTests(
            of: "NotificationModel",
            and: ["Clients", "CurlKit", "HTTPStub", "NotificationSenders", "TokenKit", logging]),
        modelTests(of: "SettingTables"),
        modelTests(of: "SnippetModel"),
        modelTests(of: "UsageModel"),
        tests(
            "DockerEngineTests",
            on: [
                "ComposeTemplates", "CurlKit", "DockerEngine", "HTTPStub", "Orchestrator", "OrchestratorTesting",
                "ProjectModel", "Reconciler", "TemplateSamples", "TokenKit",
            ]),
        tests(
            "PostgresStoreTests",
            on: [
                "BackupOperations", "ConsistencyModel", "EventConsumers", "FunctionModel", "Identity",
                "NotificationModel", "Orchestrator", "OrchestratorTesting", "PostgresKit", "PostgresStore",
                "PostgresTestSupport", "ProjectModel", "SettingTables", "SnippetModel", "TokenKit", "UsageModel",
            ]),
        tests("EmbeddedPostgresTests", on: ["EmbeddedPostgres", "PostgresKit", "PostgresTestSupport"]),
        tests(
            "ComposeTemplatesTests",
            on: [
                "ComposeTemplates", "FunctionModel", "Orchestrator", "ProjectModel", "Reconciler", "SettingTables",
                "TemplateSamples", "YAMLKit",
            ]),
        tests("ProjectKeysTests", on: ["Identity", "Orchestrator", "ProjectKeys", "ProjectModel", "TokenKit"]),
        tests(
            "IdentityTests", on: ["Identity", "Orchestrator", "OrchestratorTesting", "ProjectModel"], settings: strict),
        tests(
            "ProjectAccessTests",
            on: [
                "APIKit", "CurlKit", "EmbeddedPostgres", "FeatureKit", "HTTPStub", "ManagementAPI", "Orchestrator",
                "PostgresKit", "PostgresTestSupport", "ProjectAccess", "ProjectData", "ProjectModel", "ProjectSQL",
                "SettingTables", "TokenKit",
            ]),
        tests(
            "CommandLineTests",
            on: [
                "CurlKit", "DockerEngine", "HTTPStub", "ManagementClient", "ProjectModel", "TokenKit", "supamanager",
                argumentParser, logging,
            ]),
        .testTarget(
            name: "ManagementAPITests",
            dependencies: [
                "APIKit", "Accounts", "BackupModel", "BackupOperations", "Backups", "Clients", "ConsistencyModel",
                "CurlKit", "Dashboard", "DeflateKit", "EdgeFunctions", "FeatureKit", "FunctionModel", "HTTPBounds",
                "Identity", "Installation", "ManagementAPI", "NotificationModel", "Notifications", "Orchestrator",
                "OrchestratorTesting", "ProjectData", "ProjectModel", "ProjectSQL", "Projects", "Reconciler",
                "SettingTables", "Snippets", "SupabaseCompatibility", "Usage", "UsageModel", httpTypes, logging,
                nioCore, nioPosix, serviceLifecycle,
            ],
            exclude: ["AuthorizationMatrix.txt"],
            swiftSettings: strict),
        tests("InstallationArchiveTests", on: ["FileKit", "InstallationArchive"]),
        tests("LinuxHostTests", on: ["Clients", "ConsistencyModel", "LinuxHost", "Orchestrator", "ProjectModel"]),
        tests(
            "NetworkProbesTests",
            on: ["NetworkProbes", "Orchestrator", "ProjectModel", "Reconciler", nioCore, nioHTTP1, nioPosix]),
        tests("PasswordKitTests", on: ["PasswordKit"]),
        tests("DeflateKitTests", on: ["DeflateKit"]),
        tests(
            "ReplicationArchiveTests",
            on: [
                "BackupModel", "CurlKit", "EmbeddedPostgres", "FileKit", "HTTPStub", "OrchestratorTesting",
                "PostgresKit", "PostgresTestSupport", "ProjectModel", "ReplicationArchive", "TokenKit",
            ]),
        tests("DataPlaneCoreTests", on: ["DataPlaneCore", "TokenKit"]),
        dataPlaneTests(of: "RestAPI"),
        dataPlaneTests(of: "AuthAPI", and: ["Clients", "MessageKit", "PasswordKit"]),
        dataPlaneTests(of: "StorageAPI", and: ["FileKit"]),
        dataPlaneTests(of: "RealtimeAPI"),
        tests("FunctionsAPITests", on: ["DataPlaneCore", "FunctionsAPI", "TokenKit"]),
        // As a user: the built program on the real engine. It depends on the program only to have it built.
        .testTarget(name: "EndToEndTests", dependencies: ["CurlKit", "supamanager"], swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)
