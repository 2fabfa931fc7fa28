package import APIKit
import Orchestrator
import SettingTables

/// Which optional features this installation has, read from the routes and settings that would carry them out: what is
/// refused when it is used is not granted before.
package struct ServedFeatures: Sendable {
    private let operations: Set<String>

    /// The features of an API with these routes.
    package init(_ routes: [Route]) { operations = Set(routes.filter { $0.support == .served }.map(\.name)) }

    /// Whether a feature can be used.
    package func serves(_ feature: OptionalFeature) -> Bool {
        switch feature.witness {
        case .operation(let name): operations.contains(name)
        case .setting(let service, let key): service.settings.contains { $0.key == key && !$0.isFixed }
        case .nothing: false
        }
    }

    /// Names of Studio's pages that there is nothing behind.
    package var disabledPages: [String] { OptionalFeature.all.filter { !serves($0) }.flatMap(\.pages).sorted() }

    /// Every entitlement, granted or not.
    package var entitlements: EntitlementsBody {
        EntitlementsBody(
            entitlements: OptionalFeature.all.flatMap { feature in
                feature.entitlements.map { EntitlementsBody.Row($0, isGranted: serves(feature)) }
            })
    }
}

/// Entitlements as clients read them.
package struct EntitlementsBody: Encodable, Sendable, Documented {
    package var entitlements: [Row]

    /// One key.
    package struct Row: Encodable, Sendable {
        package let feature: [String: String]
        package let type: String
        package let hasAccess: Bool
        package let config: JSON
        /// Whether `/v1` knows the key.
        package let isOnV1: Bool

        package init(_ entitlement: Entitlement, isGranted: Bool) {
            type = entitlement.kind.name
            feature = ["key": entitlement.key, "type": type]
            hasAccess = isGranted
            isOnV1 = entitlement.isOnV1
            let enabled = JSON.boolean(isGranted)
            switch entitlement.kind {
            case .boolean: config = ["enabled": enabled]
            case .numeric(let limit, let unit):
                config = [
                    "enabled": enabled, "value": .integer(isGranted ? limit ?? Self.plenty : 0),
                    "unlimited": .boolean(isGranted && limit == nil), "unit": .string(unit),
                ]
            case .set(let words):
                config = ["enabled": enabled, "set": .array(isGranted ? words.map(JSON.string) : [])]
            }
        }

        /// Shown where a number is asked for and nothing is limited.
        private static let plenty: Int64 = 1_000_000

        package enum CodingKeys: String, CodingKey {
            case feature, type, hasAccess, config
        }
    }

    /// Those that the strict client of `/v1` knows.
    package var onV1: EntitlementsBody { EntitlementsBody(entitlements: entitlements.filter(\.isOnV1)) }

    package static let schema = Schema.named(
        "Entitlements",
        .fields(
            .init(
                "entitlements",
                .array(
                    .fields(
                        .init(
                            "feature",
                            .fields(
                                .init("key", .choice(OptionalFeature.all.flatMap(\.entitlements).map(\.key))),
                                .init("type", .choice(["boolean", "numeric", "set"])))),
                        .init("type", .choice(["boolean", "numeric", "set"])), .init("hasAccess", .boolean),
                        .init(
                            "config",
                            .fields(
                                .init("enabled", .boolean), .optional("value", .number),
                                .optional("unlimited", .boolean), .optional("unit", .text),
                                .optional("set", .array(.text)))))))))
}
