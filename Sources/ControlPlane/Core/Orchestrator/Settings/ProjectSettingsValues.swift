public import ProjectModel

/// A variable of the template that a project may override.
public struct DeclaredSetting: Sendable, Equatable {
    /// Name of the variable.
    public var name: String
    /// Value where a project sets none; nil where the service's own default then holds.
    public var defaultValue: String?
    /// Whether values are secrets, such as the password of a mail server.
    public var isSecret: Bool

    public init(name: String, defaultValue: String?, isSecret: Bool = false) {
        self.name = name
        self.defaultValue = defaultValue
        self.isSecret = isSecret
    }
}

public struct ProjectSettingsValues: Sendable, Equatable {
    /// Variables that the project overrides, with its values.
    public var values: [String: Secret<String>]
    /// Defaults of the variables that the template declares with one.
    public var declared: [String: String]
    /// Names of all variables that the template declares, those without a default included.
    public var names: Set<String>
    /// The variables that carry the API's settings.
    private let apiNames: [SettingName: String]

    public init(
        values: [String: Secret<String>], declared: [DeclaredSetting], apiNames: [SettingName: String]
    ) {
        self.values = values
        var defaults: [String: String] = [:]
        for setting in declared { defaults[setting.name] = setting.defaultValue }
        self.declared = defaults
        names = Set(declared.map(\.name))
        self.apiNames = apiNames
    }

    /// The variable that carries a setting of the API; nil where the stack has none.
    public func variable(of setting: SettingName) -> String? {
        apiNames[setting].flatMap { names.contains($0) ? $0 : nil }
    }

    /// The value in force: the project's own, else the default; nil where the service's own default holds.
    public subscript(name: String) -> String? { values[name]?.reveal() ?? declared[name] }
}

/// Bounds of settings and function secrets.
public enum SettingLimits {
    /// Bytes of one setting's value. Linux takes no more than 128 KiB for one variable of a process.
    public static let valueBytesMax = 65_536
    /// Function secrets of one project.
    public static let functionSecretsMax = 100
    /// Bytes of a function secret's name.
    public static let functionSecretNameBytesMax = 256
    /// Bytes of a function secret's value.
    public static let functionSecretBytesMax = 24_576
    /// Bytes of all function secrets of a project, names and values.
    public static let functionSecretsBytesMax = 1 << 20
    /// Beginning of names that belong to the stack.
    public static let reservedPrefix = "SUPABASE_"

    /// Why a function secret cannot be stored, without its value; nil for a valid one. `taken` are the variables that
    /// the project's template itself gives to functions.
    static func problem(ofFunctionSecret name: String, _ value: String, taken: Set<String>) -> String? {
        let bytes = Array(name.utf8)
        func isLetter(_ byte: UInt8) -> Bool {
            (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
        }
        guard bytes.first.map(isLetter) == true, bytes.count <= functionSecretNameBytesMax,
            bytes.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) })
        else {
            return "the name of a secret has up to \(functionSecretNameBytesMax) letters, digits and _, no digit first"
        }
        if name.hasPrefix(reservedPrefix) { return "\(name): names that begin with \(reservedPrefix) are reserved" }
        if ReservedVariables.contains(name) {
            return "\(name) is reserved: it steers how programs of the functions' container start; choose another name"
        }
        if taken.contains(name) { return "\(name) is reserved: the project's stack sets it; choose another name" }
        if value.utf8.count > functionSecretBytesMax { return "\(name) is longer than \(functionSecretBytesMax) bytes" }
        return value.utf8.contains(0) ? "\(name) holds a NUL character, which no variable can" : nil
    }

    /// Why the value of a setting cannot be stored, without it; nil for a valid one.
    static func problem(ofSetting name: String, _ value: String) -> String? {
        if value.utf8.count > valueBytesMax { return "\(name) is longer than \(valueBytesMax) bytes" }
        return value.utf8.contains(0) ? "\(name) holds a NUL character, which no variable can" : nil
    }
}

/// A function secret as people see it: never its value.
public struct FunctionSecretSummary: Sendable, Equatable {
    /// Name of the variable that functions read.
    public var name: String
    /// SHA-256 of the value in lower-case hexadecimal digits.
    public var digest: String
    /// When it was set.
    public var updatedAt: Timestamp
}
