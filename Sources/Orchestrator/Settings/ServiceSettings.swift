public import ProjectModel

/// One key of a service's configuration in the Management API.
public struct ServiceSetting: Sendable, Hashable {
    /// The key. Keys of nested objects are joined by dots.
    public let key: String
    /// Variable of the template that carries the value; nil for what is not offered here.
    public let variable: String?
    /// Which values are possible.
    public let form: SettingForm
    /// What holds while nothing is set, unless the template itself says it.
    public let standard: SettingValue

    /// A key that a variable carries.
    init(_ key: String, _ variable: String, _ form: SettingForm, _ standard: SettingValue = .null) {
        self.key = key
        self.variable = variable
        self.form = form
        self.standard = standard
    }

    /// A key whose value nobody can change.
    init(fixed key: String, _ value: SettingValue = .null) {
        self.key = key
        variable = nil
        form = .text(.any)
        standard = value
    }

    /// Whether its values are never shown.
    public var isSecret: Bool { if case .secret = form { true } else { false } }

    /// The value in force; null for a secret.
    func value(_ settings: ProjectSettingsValues) -> SettingValue {
        guard !isSecret else { return .null }
        guard let variable, let text = settings[variable] else { return standard }
        return form.decode(text)
    }
}

/// All keys of one service's configuration.
public struct ServiceSettings: Sendable {
    /// What the keys configure, in a word.
    public let name: String
    /// The keys.
    public let settings: [ServiceSetting]
    private let byKey: [String: ServiceSetting]

    init(_ name: String, _ settings: [ServiceSetting]) {
        self.name = name
        self.settings = settings
        byKey = Dictionary(settings.map { ($0.key, $0) }) { first, _ in first }
    }

    /// The quantity that a variable carries; nil for other variables.
    func quantity(ofVariable variable: String) -> PostgresQuantity? {
        for setting in settings where setting.variable == variable {
            if case .quantity(let quantity) = setting.form { return quantity }
        }
        return nil
    }

    /// The whole configuration by key. Secrets are null, whether they are set or not.
    public func values(_ settings: ProjectSettingsValues) -> [String: SettingValue] {
        byKey.mapValues { $0.value(settings) }
    }

    /// Turns a change of some keys into one of variables, for ``ProjectCatalog/change(settings:of:)``. Null goes back
    /// to the default.
    ///
    /// - Throws: ``CatalogError/badSetting(_:)`` that names every key that is unknown, not offered or of a wrong value.
    public func changes(
        _ wanted: [String: SettingValue], present: ProjectSettingsValues
    ) throws(CatalogError) -> [String: Secret<String>?] {
        var changes: [String: Secret<String>?] = [:]
        var unknown: [String] = []
        var unoffered: [String] = []
        var problems: [String] = []
        for (key, value) in wanted.sorted(by: { $0.key < $1.key }) {
            guard let setting = byKey[key] else {
                unknown.append(key)
                continue
            }
            guard let variable = setting.variable, present.names.contains(variable) else {
                if !Self.isSame(value, setting.value(present)) { unoffered.append(key) }
                continue
            }
            do {
                changes[variable] = .some(try setting.form.encode(value).map { Secret($0) })
            } catch { problems.append("\(key) \(error.description)") }
        }
        if !unknown.isEmpty { problems.append("there is no setting \(unknown.joined(separator: ", ")) of \(name)") }
        if !unoffered.isEmpty {
            problems.append("not offered by this installation: \(unoffered.joined(separator: ", "))")
        }
        guard problems.isEmpty else { throw .badSetting(problems.joined(separator: "; ")) }
        return changes
    }

    private static func isSame(_ left: SettingValue, _ right: SettingValue) -> Bool {
        left == right || left.isNothing && right.isNothing || left == .null
    }
}
