import Orchestrator
import ProjectModel
import TokenKit

/// A project's API keys as variables of the template.
struct GatewayKeys {
    private let values: ProjectValues

    init(_ values: ProjectValues) { self.values = values }

    /// All opaque keys for the gateway, in lists with commas; the same by name for functions, as members of a JSON
    /// object; the default ones for the dashboard; whether the signed keys are accepted; and what temporary keys are
    /// verified with.
    var environment: [String: String] {
        var environment = ["LEGACY_KEYS_ENABLED": values.acceptsLegacyKeys ? "true" : "false"]
        for kind in APIKeyKind.allCases {
            let keys = values.apiKeys.filter { $0.kind == kind }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
            guard !keys.isEmpty else { continue }
            let name = kind.rawValue.uppercased()
            environment["\(name)_KEYS"] = keys.map { $0.key.reveal() }.joined(separator: ",")
            environment["\(name)_KEYS_BY_NAME"] = members(keys)
            environment["DEFAULT_\(name)_KEY"] = standard(keys)?.key.reveal()
        }
        environment["GATEWAY_JWKS"] = keySet
        // The dashboard talks to the gateway too, where a signed key may be of no use.
        if !values.acceptsLegacyKeys {
            environment["STUDIO_SERVICE_KEY"] = values.secrets[ProjectCatalog.serviceKeyVariable]?.reveal()
        }
        return environment
    }

    /// The JWT secret as a JSON Web Key Set (RFC 7517), the form in which Envoy takes it.
    private var keySet: String? {
        values.secrets[ProjectCatalog.tokenSecretVariable].map { secret in
            let key = Base64URL.encode(Array(secret.reveal().utf8))
            return #"{"keys":[{"kty":"oct","alg":"HS256","k":"\#(key)"}]}"#
        }
    }

    /// `"default":"sb_…","mobile":"sb_…"`; functions rely on a member named default. Names and keys consist of letters,
    /// digits, - and _ only, so nothing has to be escaped.
    private func members(_ keys: [ProjectAPIKey]) -> String {
        var members = keys.map { ($0.name, $0.key.reveal()) }
        if standard(keys) == nil { members.insert((APIKeyLimits.defaultName, ""), at: 0) }
        return members.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
    }

    private func standard(_ keys: [ProjectAPIKey]) -> ProjectAPIKey? {
        keys.first { $0.name == APIKeyLimits.defaultName }
    }
}

extension ComposeService {
    /// The service with the project's function secrets in its environment, if it takes them. A variable that the
    /// template names keeps the template's value.
    func adding(_ functionSecrets: [String: Secret<String>]) -> ComposeService {
        guard manifest.environment == .functionSecrets else { return self }
        var service = self
        for (name, value) in functionSecrets where !environment.keys.contains(name) {
            service.environment[name] = value.reveal()
        }
        return service
    }
}
