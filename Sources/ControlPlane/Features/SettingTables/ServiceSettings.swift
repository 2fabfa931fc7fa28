public import Orchestrator
public import ProjectModel

/// One key of a service's configuration in the Management API.
public struct ServiceSetting: Sendable, Hashable {
    /// The key. Keys of nested objects are joined by dots.
    public let key: String
    /// Whether it is fixed for every stack.
    public let isFixed: Bool
    /// Which values are possible.
    public let form: SettingForm
    /// What holds while nothing is set, unless the template itself says it.
    public let standard: SettingValue

    /// A key that a variable of the stack can carry.
    init(_ key: String, _ form: SettingForm, standard: SettingValue = .null) {
        self.key = key
        isFixed = false
        self.form = form
        self.standard = standard
    }

    /// A key with a fixed value.
    init(fixed key: String, _ value: SettingValue = .null) {
        self.key = key
        isFixed = true
        form = .text(.any)
        standard = value
    }

    /// Whether its values are never shown.
    public var isSecret: Bool { if case .secret = form { true } else { false } }

    /// Whether its values are for those who may change them alone: any caller signs in with fixed codes of test numbers.
    public var isForEditors: Bool { form == .text(.testCodes) }

    /// The value that the text of its variable stands for, or that holds without one; null for a secret.
    func value(_ text: String?) -> SettingValue {
        guard !isSecret else { return .null }
        return text.map { form.decode($0) } ?? standard
    }
}

/// All keys of one service's configuration.
public struct ServiceSettings: Sendable {
    /// Which part of a project they configure.
    public let area: SettingName.Area
    /// The same in a word.
    public let name: String
    /// The keys.
    public let settings: [ServiceSetting]
    private let byKey: [String: ServiceSetting]

    /// The table of an area.
    public static func table(of area: SettingName.Area) -> ServiceSettings {
        switch area {
        case .auth: AuthSettings.table
        case .rest: StackSettings.rest
        case .storage: StackSettings.storage
        case .realtime: StackSettings.realtime
        case .pooler: StackSettings.pooler
        case .database: StackSettings.postgres
        }
    }

    /// Whether a stack can carry a key in a variable.
    public func isCarried(_ key: String) -> Bool { byKey[key]?.isFixed == false }

    init(_ area: SettingName.Area, name: String, settings: [ServiceSetting]) {
        self.area = area
        self.name = name
        self.settings = settings
        byKey = Dictionary(settings.map { ($0.key, $0) }) { first, _ in first }
    }

    /// The quantity that a key has; nil for keys of other forms.
    func quantity(of key: String) -> PostgresQuantity? {
        guard case .quantity(let quantity)? = byKey[key]?.form else { return nil }
        return quantity
    }

    /// The whole configuration by key. Secrets are null, whether they are set or not.
    public func values(_ settings: ProjectSettingsValues) -> [String: SettingValue] {
        byKey.mapValues { value(of: $0, settings) }
    }

    /// The variable of the stack that carries a key; nil where nothing does.
    public func variable(of setting: ServiceSetting, _ settings: ProjectSettingsValues) -> String? {
        setting.isFixed ? nil : settings.variable(of: SettingName(area, setting.key))
    }

    /// The value in force; null for a secret.
    func value(of setting: ServiceSetting, _ settings: ProjectSettingsValues) -> SettingValue {
        setting.value(variable(of: setting, settings).flatMap { settings[$0] })
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
            guard let variable = variable(of: setting, present) else {
                if !Self.isSame(value, self.value(of: setting, present)) { unoffered.append(key) }
                continue
            }
            do {
                changes[variable] = .some(try setting.form.encode(value).map { Secret($0) })
            } catch { problems.append("\(key) \(error.description)") }
        }
        if !unknown.isEmpty { problems.append("there is no setting \(unknown.joined(separator: ", ")) of \(name)") }
        if !unoffered.isEmpty {
            problems.append("not supported by the stack of this project: \(unoffered.joined(separator: ", "))")
        }
        guard problems.isEmpty else { throw .badSetting(problems.joined(separator: "; ")) }
        return changes
    }

    private static func isSame(_ left: SettingValue, _ right: SettingValue) -> Bool {
        left == right || left.isNothing && right.isNothing || left == .null
    }
}
