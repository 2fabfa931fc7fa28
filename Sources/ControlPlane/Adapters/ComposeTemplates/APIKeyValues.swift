import Orchestrator
import ProjectModel
import TokenKit

/// A project's API keys in the forms in which its template asks for them.
struct APIKeyValues {
    private let values: ProjectValues
    private let roles: StackRoles

    init(_ values: ProjectValues, roles: StackRoles) {
        self.values = values
        self.roles = roles
    }

    /// The template's variables. A form of which the project has no key is left out: the template's default applies.
    var environment: [String: String] {
        var environment: [String: String] = [:]
        for (form, variable) in roles.apiKeys { environment[variable] = value(form) }
        return environment
    }

    private func value(_ form: APIKeyForm) -> String? {
        switch form {
        case .publishableList: list(.publishable)
        case .publishableByName: members(.publishable)
        case .publishableDefault: standard(.publishable)
        case .secretList: list(.secret)
        case .secretByName: members(.secret)
        case .secretDefault: standard(.secret)
        case .legacyEnabled: values.acceptsLegacyKeys ? "true" : "false"
        case .manager: managerKey
        // Services of the stack that call the gateway directly, where a signed key may be useless.
        case .managerWithoutLegacy: values.acceptsLegacyKeys ? nil : managerKey
        case .tokenKeySet: keySet
        }
    }

    private var managerKey: String? { roles.apiKeys[.manager].flatMap { values.secrets[$0]?.reveal() } }

    private var keySet: String? {
        guard let secret = roles.secrets[.tokenSigning].flatMap({ values.secrets[$0] }) else { return nil }
        let key = Base64URL.encode(Array(secret.reveal().utf8))
        return #"{"keys":[{"kty":"oct","alg":"HS256","k":"\#(key)"}]}"#
    }

    private func keys(_ kind: APIKeyKind) -> [ProjectAPIKey] {
        values.apiKeys.filter { $0.kind == kind }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    private func list(_ kind: APIKeyKind) -> String? {
        let keys = keys(kind)
        return keys.isEmpty ? nil : keys.map { $0.key.reveal() }.joined(separator: ",")
    }

    private func standard(_ kind: APIKeyKind) -> String? {
        keys(kind).first { $0.name == APIKeyLimits.defaultName }?.key.reveal()
    }

    /// `"default":"sb_…","mobile":"sb_…"`; functions rely on a member named default. Names and keys consist of letters,
    /// digits, - and _ only, so escaping is not needed.
    private func members(_ kind: APIKeyKind) -> String? {
        let keys = keys(kind)
        guard !keys.isEmpty else { return nil }
        var members = keys.map { ($0.name, $0.key.reveal()) }
        if standard(kind) == nil { members.insert((APIKeyLimits.defaultName, ""), at: 0) }
        return members.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
    }
}

extension ComposeService {
    /// The service with these function secrets in its environment, if it takes them. A variable that the template names
    /// keeps the template's value.
    func adding(_ functionSecrets: [String: Secret<String>]) -> ComposeService {
        guard manifest.environment == .functionSecrets else { return self }
        var service = self
        for (name, value) in functionSecrets where !environment.keys.contains(name) {
            service.environment[name] = value.reveal()
        }
        return service
    }
}
