import APIKit
import Orchestrator
package import SettingTables

/// Something that clients ask about before they offer it, with the operation or setting that would carry it out.
package struct OptionalFeature: Sendable {
    /// The operation that must be served for the feature to be granted.
    package let witness: Witness
    /// Its entitlements, as organizations see them.
    package let entitlements: [Entitlement]
    /// Names under which Studio hides its pages.
    package let pages: [String]

    /// The implementation of a feature.
    package enum Witness: Sendable {
        /// An operation, by the name of its route.
        case operation(String)
        /// A key of a service's configuration.
        case setting(ServiceSettings, String)
        /// No operation of the API is about it.
        case nothing
    }

    package init(_ witness: Witness, _ entitlements: [Entitlement] = [], pages: [String] = []) {
        self.witness = witness
        self.entitlements = entitlements
        self.pages = pages
    }
}

/// A feature of an organization, by the key that clients know.
package struct Entitlement: Sendable, Equatable {
    package let key: String
    package let kind: Kind
    /// Whether `/v1` knows the key; its strict client refuses an answer with one that it does not know.
    package var isOnV1 = true

    /// The grant.
    package enum Kind: Sendable, Equatable {
        case boolean
        /// At most this many; nil for no limit.
        case numeric(Int64?, unit: String)
        case set([String])

        package var name: String {
            switch self {
            case .boolean: "boolean"
            case .numeric: "numeric"
            case .set: "set"
            }
        }
    }

    /// A switch.
    package static func flag(_ key: String, isOnV1: Bool = true) -> Entitlement {
        Entitlement(key: key, kind: .boolean, isOnV1: isOnV1)
    }

    package static func number(
        _ key: String, _ value: Int64?, unit: String = "count", isOnV1: Bool = true
    ) -> Entitlement {
        Entitlement(key: key, kind: .numeric(value, unit: unit), isOnV1: isOnV1)
    }

    /// A set of words.
    package static func set(_ key: String, _ words: [String]) -> Entitlement {
        Entitlement(key: key, kind: .set(words))
    }
}
