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

/// A feature of the Management API: what most of them stand on, and what this one needs besides.
func feature(_ name: String, and more: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: [
            "APIKit", "FeatureKit", "Identity", "Orchestrator", "ProjectModel",
            .product(name: "HTTPTypes", package: "swift-http-types"),
        ] + more,
        path: "Sources/ControlPlane/Features/\(name)", swiftSettings: strict)
}

let package = Package(
    name: "supamanager",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
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
        .systemLibrary(
            name: "CCurl", path: "Sources/Kits/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .systemLibrary(
            name: "CPostgres", path: "Sources/Kits/CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "COpenSSL", path: "Sources/Kits/COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CYAML", path: "Sources/Kits/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(
            name: "CArgon2", path: "Sources/Kits/CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(
            name: "CCrypt", path: "Sources/Kits/CCrypt", pkgConfig: "libxcrypt", providers: [.apt(["libcrypt-dev"])]),

        // Layer 1: kits (owners of the C libraries, no domain) and the model (the domain, no library).
        .target(name: "CurlKit", dependencies: ["CCurl"], path: "Sources/Kits/CurlKit", swiftSettings: common),
        .target(
            name: "PostgresKit", dependencies: ["CPostgres"], path: "Sources/Kits/PostgresKit", swiftSettings: common),
        .target(
            name: "PasswordKit", dependencies: ["CArgon2", "CCrypt"], path: "Sources/Kits/PasswordKit",
            swiftSettings: common),
        .target(name: "TokenKit", dependencies: ["COpenSSL"], path: "Sources/Kits/TokenKit", swiftSettings: common),
        .target(name: "YAMLKit", dependencies: ["CYAML"], path: "Sources/Kits/YAMLKit", swiftSettings: common),
        // Who a client is on the network: both planes count by it.
        .target(name: "Clients", path: "Sources/Kits/Clients", swiftSettings: strict),
        .target(
            name: "ProjectModel", dependencies: ["Clients"], path: "Sources/ControlPlane/Core/ProjectModel",
            swiftSettings: strict),

        // Layer 2: the pure core.
        .target(
            name: "Reconciler", dependencies: ["ProjectModel"], path: "Sources/ControlPlane/Core/Reconciler",
            swiftSettings: strict),

        // Layer 3: ports and loops.
        .target(
            name: "Orchestrator",
            dependencies: [
                "ProjectModel", "Reconciler",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources/ControlPlane/Core/Orchestrator", swiftSettings: strict),

        // Accounts, organizations, roles and tokens: what is decided about people, and the ports it needs.
        .target(
            name: "Identity", dependencies: ["Clients", "ProjectModel", "Orchestrator"],
            path: "Sources/ControlPlane/Core/Identity", swiftSettings: strict),

        // Layer 4: adapters, named after their technology.
        .target(
            name: "DockerEngine", dependencies: ["CurlKit", "Orchestrator", "ProjectModel", "Reconciler"],
            path: "Sources/ControlPlane/Adapters/DockerEngine", swiftSettings: strict),
        .target(
            name: "PostgresStore",
            dependencies: ["Identity", "Orchestrator", "PostgresKit", "ProjectModel", "Reconciler", "TokenKit"],
            path: "Sources/ControlPlane/Adapters/PostgresStore", swiftSettings: strict),
        // What runs inside a project: its database by libpq, its gateway by libcurl.
        .target(
            name: "ProjectAccess",
            dependencies: ["CurlKit", "Orchestrator", "PostgresKit", "ProjectModel", "TokenKit"],
            path: "Sources/ControlPlane/Adapters/ProjectAccess", swiftSettings: strict),
        .target(
            name: "ComposeTemplates",
            dependencies: ["Orchestrator", "ProjectModel", "Reconciler", "TokenKit", "YAMLKit"],
            path: "Sources/ControlPlane/Adapters/ComposeTemplates", swiftSettings: strict),
        .target(
            name: "ProjectKeys",
            dependencies: ["Identity", "Orchestrator", "PasswordKit", "ProjectModel", "TokenKit"],
            path: "Sources/ControlPlane/Adapters/ProjectKeys", swiftSettings: strict),
        .target(
            name: "LinuxHost", dependencies: ["Clients", "Orchestrator", "ProjectModel"],
            path: "Sources/ControlPlane/Adapters/LinuxHost", swiftSettings: strict),
        .target(
            name: "NetworkProbes",
            dependencies: [
                "Orchestrator", "ProjectModel", "Reconciler",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Sources/ControlPlane/Adapters/NetworkProbes", swiftSettings: strict),

        // The data plane of a lite project; it knows nothing of the control plane.
        .target(
            name: "DataPlaneCore", dependencies: ["TokenKit"], path: "Sources/DataPlane/DataPlaneCore",
            swiftSettings: strict),
        .target(
            name: "RestAPI", dependencies: ["DataPlaneCore", "PostgresKit", "TokenKit"],
            path: "Sources/DataPlane/RestAPI", swiftSettings: strict),
        .target(
            name: "AuthAPI", dependencies: ["Clients", "DataPlaneCore", "PasswordKit", "PostgresKit", "TokenKit"],
            path: "Sources/DataPlane/AuthAPI", swiftSettings: strict),
        .target(
            name: "RealtimeAPI", dependencies: ["DataPlaneCore", "PostgresKit", "TokenKit"],
            path: "Sources/DataPlane/RealtimeAPI", swiftSettings: strict),

        // What one client can make a server hold or wait for: both planes' servers keep to it. It knows neither.
        .target(
            name: "HTTPBounds",
            dependencies: [
                "Clients",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Sources/Web/HTTPBounds", swiftSettings: strict),

        // Layer 5: the HTTP face. What every route has in common comes first; it knows no feature.
        .target(
            name: "APIKit",
            dependencies: [
                "Clients", "HTTPBounds", "Identity", "Orchestrator", "ProjectModel",
                .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Sources/Web/APIKit", swiftSettings: strict),
        // Features: each with its routes, and what they stand on. They do not know each other.
        .target(
            name: "FeatureKit",
            dependencies: [
                "APIKit", "Identity", "Orchestrator", "ProjectModel", "Reconciler",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Sources/ControlPlane/Features/FeatureKit", swiftSettings: strict),
        feature("Accounts"),
        feature("EdgeFunctions", and: [.product(name: "NIOCore", package: "swift-nio")]),
        feature("Installation", and: ["HTTPBounds", "Reconciler", .product(name: "Logging", package: "swift-log")]),
        feature("Notifications"),
        feature("ProjectData", and: [.product(name: "NIOCore", package: "swift-nio")]),
        feature("Projects", and: ["Reconciler"]),
        feature("Snippets"),
        feature("SupabaseCompatibility"),
        feature("Usage", and: ["HTTPBounds"]),

        // All routes together.
        .target(
            name: "ManagementAPI",
            dependencies: [
                "APIKit", "Accounts", "EdgeFunctions", "FeatureKit", "Installation", "Notifications", "ProjectData",
                "Projects", "Snippets", "SupabaseCompatibility", "Usage",
            ],
            path: "Sources/ControlPlane/ManagementAPI", swiftSettings: strict),

        // The other end of the wire: what the command line asks of a Management API.
        .target(
            name: "ManagementClient", dependencies: ["CurlKit", "ProjectModel", "TokenKit"],
            path: "Sources/ControlPlane/Adapters/ManagementClient", swiftSettings: strict),

        // Doubles of the ports, and contracts that doubles and adapters both keep.
        .target(
            name: "OrchestratorTesting",
            dependencies: [
                "Identity", "Orchestrator", "ProjectModel", "Reconciler",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/ControlPlane/Core/OrchestratorTesting", swiftSettings: strict),

        // Layer 6: the program. Wiring only.
        .executableTarget(
            name: "supamanager",
            dependencies: [
                "APIKit", "Accounts", "Clients", "ComposeTemplates", "CurlKit", "DockerEngine", "EdgeFunctions",
                "FeatureKit",
                "Identity", "Installation", "LinuxHost", "ManagementAPI", "ManagementClient", "NetworkProbes",
                "Notifications", "Orchestrator", "PostgresKit", "PostgresStore", "ProjectAccess", "ProjectData",
                "ProjectKeys", "ProjectModel", "Projects", "Reconciler", "Snippets", "SupabaseCompatibility",
                "TokenKit", "Usage",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Sources/Programs/supamanager", swiftSettings: strict, linkerSettings: stripped),

        .executableTarget(
            name: "projectd",
            dependencies: [
                "AuthAPI", "Clients", "CurlKit", "DataPlaneCore", "HTTPBounds", "PasswordKit", "PostgresKit",
                "RealtimeAPI", "RestAPI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
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
                "CYAML", "ComposeTemplates", "Orchestrator", "ProjectKeys", "ProjectModel", "TokenKit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/Core", swiftSettings: common),

        // The core on a simulated host, seed after seed.
        .executableTarget(
            name: "simulate",
            dependencies: [
                "OrchestratorTesting", "ProjectModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/Simulate", swiftSettings: strict),

        // Tests. `HTTPStub`, `TemplateSamples` and `PostgresTestSupport` are shared by several of them.
        .target(name: "HTTPStub", path: "Tests/HTTPStub", swiftSettings: common),
        .target(name: "TemplateSamples", path: "Tests/TemplateSamples", swiftSettings: strict),
        .target(
            name: "PostgresTestSupport", dependencies: ["PostgresKit", "PostgresStore"],
            path: "Tests/PostgresTestSupport", swiftSettings: common),
        .testTarget(name: "CurlKitTests", dependencies: ["CurlKit", "HTTPStub"], swiftSettings: common),
        .testTarget(
            name: "PostgresKitTests", dependencies: ["PostgresKit", "PostgresTestSupport"], swiftSettings: common),
        .testTarget(name: "TokenKitTests", dependencies: ["TokenKit"], swiftSettings: common),
        .testTarget(name: "ClientsTests", dependencies: ["Clients"], swiftSettings: strict),
        .testTarget(name: "YAMLKitTests", dependencies: ["YAMLKit"], swiftSettings: common),
        .testTarget(
            name: "ProjectModelTests", dependencies: ["OrchestratorTesting", "ProjectModel"], swiftSettings: strict),
        .testTarget(
            name: "ReconcilerTests", dependencies: ["OrchestratorTesting", "ProjectModel", "Reconciler"],
            swiftSettings: strict),
        .testTarget(
            name: "OrchestratorTests",
            dependencies: [
                "Orchestrator", "OrchestratorTesting", "ProjectModel", "Reconciler",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DockerEngineTests",
            dependencies: [
                "ComposeTemplates", "CurlKit", "DockerEngine", "HTTPStub", "Orchestrator", "OrchestratorTesting",
                "ProjectModel", "Reconciler", "TemplateSamples", "TokenKit",
            ],
            swiftSettings: common),
        .testTarget(
            name: "PostgresStoreTests",
            dependencies: [
                "Identity", "Orchestrator", "OrchestratorTesting", "PostgresKit", "PostgresStore",
                "PostgresTestSupport", "ProjectModel", "TokenKit",
            ],
            swiftSettings: common),
        .testTarget(
            name: "ComposeTemplatesTests",
            dependencies: [
                "ComposeTemplates", "Orchestrator", "ProjectModel", "Reconciler", "TemplateSamples", "YAMLKit",
            ],
            swiftSettings: common),
        .testTarget(
            name: "ProjectKeysTests",
            dependencies: ["Identity", "Orchestrator", "ProjectKeys", "ProjectModel", "TokenKit"],
            swiftSettings: common),
        .testTarget(
            name: "IdentityTests", dependencies: ["Identity", "Orchestrator", "OrchestratorTesting", "ProjectModel"],
            swiftSettings: strict),
        .testTarget(
            name: "ProjectAccessTests",
            dependencies: [
                "APIKit", "CurlKit", "FeatureKit", "HTTPStub", "ManagementAPI", "Orchestrator", "PostgresKit",
                "PostgresStore", "PostgresTestSupport", "ProjectAccess", "ProjectData", "ProjectModel", "TokenKit",
            ],
            swiftSettings: common),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "CurlKit", "DockerEngine", "HTTPStub", "ManagementClient", "ProjectModel", "TokenKit", "supamanager",
            ],
            swiftSettings: common),
        .testTarget(
            name: "ManagementAPITests",
            dependencies: [
                "APIKit", "Accounts", "Clients", "CurlKit", "EdgeFunctions", "FeatureKit", "HTTPBounds", "Identity",
                "Installation", "ManagementAPI", "Notifications", "Orchestrator", "OrchestratorTesting", "ProjectData",
                "ProjectModel", "Projects", "Reconciler", "Snippets", "SupabaseCompatibility", "Usage",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["AuthorizationMatrix.txt"],
            swiftSettings: strict),
        .testTarget(
            name: "LinuxHostTests", dependencies: ["Clients", "LinuxHost", "Orchestrator", "ProjectModel"],
            swiftSettings: common),
        .testTarget(
            name: "NetworkProbesTests",
            dependencies: [
                "NetworkProbes", "Orchestrator", "ProjectModel", "Reconciler",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: common),
        .testTarget(
            name: "DataPlaneCoreTests", dependencies: ["DataPlaneCore", "TokenKit"], swiftSettings: common),
        .testTarget(
            name: "RestAPITests",
            dependencies: ["DataPlaneCore", "PostgresKit", "PostgresTestSupport", "RestAPI", "TokenKit"],
            swiftSettings: common),
        .testTarget(
            name: "RealtimeAPITests",
            dependencies: ["DataPlaneCore", "PostgresKit", "PostgresTestSupport", "RealtimeAPI", "TokenKit"],
            swiftSettings: common),
        .testTarget(name: "PasswordKitTests", dependencies: ["PasswordKit"], swiftSettings: common),
        .testTarget(
            name: "AuthAPITests",
            dependencies: [
                "AuthAPI", "Clients", "DataPlaneCore", "PasswordKit", "PostgresKit", "PostgresTestSupport", "TokenKit",
            ],
            swiftSettings: common),
        // As a user: the built program on the real engine. It depends on the program only to have it built.
        .testTarget(name: "EndToEndTests", dependencies: ["CurlKit", "supamanager"], swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)
