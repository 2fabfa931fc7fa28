import Orchestrator
import ProjectModel
import SettingTables

/// Whether the parts of `x-supamanager` fit together: each variable has one source, each purpose one variable, and what
/// is named is declared.
struct ManifestCheck {
    let manifest: TemplateManifest
    let cursor: NodeCursor

    func run() {
        checkSources()
        checkAddresses()
        checkPurposes()
        checkTokens()
        checkSettings()
        checkRoles()
    }

    private func checkSources() {
        var owners: [String: String] = [:]
        let groups = [
            ("ports", manifest.ports.map(\.name)), ("addresses", manifest.addresses.keys.sorted()),
            ("ranges", manifest.ranges.keys.sorted()), ("secrets", manifest.secrets.keys.sorted()),
            ("tokens", manifest.tokens.keys.sorted()), ("api-keys", manifest.apiKeys.keys.sorted()),
            ("variables", manifest.variables.map(\.name)),
        ]
        for (group, names) in groups {
            for name in names {
                if let owner = owners[name] {
                    cursor.child(group)?.fail("\(name) is already declared in \(owner)")
                }
                owners[name] = group
            }
        }
    }

    private func checkAddresses() {
        let addresses = manifest.addresses
        for (number, names) in Dictionary(grouping: addresses.keys, by: { addresses[$0] }) where names.count > 1 {
            cursor.child("addresses")?.fail(
                "\(names.sorted().joined(separator: " and ")) have the same number \(number ?? 0)")
        }
    }

    private func checkPurposes() {
        checkOnce("ports", manifest.ports.map { ($0.name, $0.purpose?.rawValue) })
        checkOnce("secrets", manifest.secrets.map { ($0.key, $0.value.purpose?.rawValue) })
        checkOnce("tokens", manifest.tokens.map { ($0.key, $0.value.rawValue) })
        checkOnce("api-keys", manifest.apiKeys.map { ($0.key, $0.value.rawValue) })
        checkOnce("variables", manifest.variables.map { ($0.name, $0.purpose?.rawValue) })
    }

    /// A purpose that two variables have says nothing.
    private func checkOnce(_ group: String, _ purposes: [(name: String, purpose: String?)]) {
        var owners: [String: String] = [:]
        for (name, purpose) in purposes.sorted(by: { $0.name < $1.name }) {
            guard let purpose else { continue }
            guard let owner = owners.updateValue(name, forKey: purpose) else { continue }
            cursor.child(group)?.fail("\(owner) and \(name) are both for \(purpose)")
        }
    }

    private func checkTokens() {
        let signing = SecretPurpose.tokenSigning
        guard !manifest.secrets.values.contains(where: { $0.purpose == signing }) else { return }
        let needs = "which needs a secret with the purpose \(signing.rawValue)"
        if !manifest.tokens.isEmpty { cursor.child("tokens")?.failAtKey(.reference, "a token is signed, \(needs)") }
        if let name = manifest.apiKeys.first(where: { $0.value == .tokenKeySet })?.key {
            cursor.child("api-keys")?.child(name)?.failAtKey(.reference, "a key set is made of keys, \(needs)")
        }
    }

    private func checkSettings() {
        let known = Set(manifest.variables.map(\.name))
        for (name, variable) in manifest.settings.sorted(by: { $0.key.description < $1.key.description }) {
            let place = cursor.child("settings")?.child(name.area.rawValue)?.child(name.key)
            if !known.contains(variable) {
                place?.fail(.reference, "there is no variable \(variable) under variables")
            }
            if !ServiceSettings.table(of: name.area).isCarried(name.key) {
                place?.failAtKey(.unsupported, "the Management API has no setting of this name that can be changed")
            }
        }
    }

    /// A service's name in the API has to be one of the roles, and functions need their service.
    private func checkRoles() {
        for (group, names) in [("health-names", manifest.healthNames), ("restart-names", manifest.restartNames)] {
            for (name, role) in names.sorted(by: { $0.key < $1.key }) where manifest.roles[role] == nil {
                cursor.child(group)?.child(name)?.fail(.reference, "there is no service with the role \(role.rawValue)")
            }
        }
        if let folder = manifest.functionsFolder, manifest.roles[.functions] == nil {
            cursor.child("functions-folder")?.fail(
                .reference, "\(folder) is of no use without a service with the role functions")
        }
        if let folder = manifest.functionsFolder, !manifest.files.contains(where: { holds($0, folder) }) {
            cursor.child("functions-folder")?.fail(
                .reference, "the project's folder has no \(folder): name it, or a file in it, in x-supamanager.files")
        }
        if manifest.database != nil, manifest.roles[.database] == nil {
            cursor.child("database")?.failAtKey(.reference, "there is no service with the role database")
        }
    }

    /// Whether a folder is there once `file`, or the folder of that name, is copied.
    private func holds(_ file: String, _ folder: String) -> Bool {
        let (file, folder) = (ProjectPath.cleaned(file), ProjectPath.cleaned(folder))
        return file == folder || file.hasPrefix(folder + "/") || folder.hasPrefix(file + "/")
    }
}
