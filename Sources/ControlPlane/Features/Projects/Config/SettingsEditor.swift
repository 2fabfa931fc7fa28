import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SettingTables

/// Reads and changes the settings of a project for the controllers of its services.
struct SettingsEditor: Sendable {
    let catalog: ProjectCatalog

    /// Longest value that the audit trail repeats, in characters.
    private static let auditedMax = 200

    /// Turns a change of keys into one of variables.
    typealias Translation =
        @Sendable (
            _ wanted: [String: SettingValue], _ present: ProjectSettingsValues
        ) throws(CatalogError) -> [String: Secret<String>?]

    /// The configuration of a service as an object; null stands for secrets, set or not.
    ///
    /// - Parameter forReaders: whether addresses come without the names and passwords in them, and null stands for what
    ///   is for editors alone.
    func object(
        _ settings: ServiceSettings, of ref: ProjectRef, forReaders: Bool = false
    ) async throws -> JSON {
        var values = settings.values(try await catalog.settings(of: ref))
        if forReaders {
            values = values.mapValues(\.withoutLogin)
            for setting in settings.settings where setting.isForEditors { values[setting.key] = .null }
        }
        return SettingsJSON.object(values)
    }

    /// Changes what a body asks for, and gives the configuration after it.
    ///
    /// - Parameter isTried: whether settings with which the project does not start are reverted.
    func change(
        _ settings: ServiceSettings, to wanted: [String: SettingValue], request: APIRequest, isTried: Bool = false
    ) async throws -> JSON {
        try await change(settings, to: wanted, request: request, isTried: isTried) {
            wanted, present throws(CatalogError) in
            try settings.changes(wanted, present: present)
        }
    }

    /// The same with a service's own rules about combinations.
    ///
    /// A value that is in force already is no change: sending the whole configuration back restarts nothing. So a
    /// secret that is null, as responses show it, is kept; an empty text removes it.
    func change(
        _ settings: ServiceSettings, to asked: [String: SettingValue], request: APIRequest, isTried: Bool = false,
        by translate: Translation
    ) async throws -> JSON {
        let ref = try request.project().ref
        let present = try await catalog.settings(of: ref)
        let before = settings.values(present)
        let wanted = asked.filter { before[$0.key] != $0.value }
        let changes = try translate(wanted, present)
        if !changes.isEmpty {
            let requester = isTried ? try request.caller().account.email : nil
            try await catalog.change(settings: changes, of: ref, triedBy: requester)
        }
        let after = settings.values(try await catalog.settings(of: ref))
        note(wanted.keys, settings: settings, before: before, after: after, audit: request.audit)
        return SettingsJSON.object(after)
    }

    /// Adds the changed keys to the audit trail; of secrets only that they were set.
    private func note(
        _ keys: some Sequence<String>, settings: ServiceSettings, before: [String: SettingValue],
        after: [String: SettingValue], audit: AuditNotes
    ) {
        let secret = Set(settings.settings.filter { $0.isSecret || $0.isForEditors }.map(\.key))
        for key in keys {
            if secret.contains(key) {
                audit.change(key, from: nil, to: "(replaced)")
            } else if before[key] != after[key] {
                audit.change(key, from: before[key].flatMap(words), to: after[key].flatMap(words))
            }
        }
    }

    private func words(_ value: SettingValue) -> String? {
        switch value {
        case .null: nil
        case .flag(let truth): "\(truth)"
        case .whole(let number): "\(number)"
        case .number(let number): "\(number)"
        case .text(let text): String(URLText.withoutLogin(text).prefix(Self.auditedMax))
        }
    }
}

extension SettingValue {
    /// The value; an address without the name and the password in it.
    fileprivate var withoutLogin: SettingValue {
        if case .text(let text) = self { .text(URLText.withoutLogin(text)) } else { self }
    }
}
