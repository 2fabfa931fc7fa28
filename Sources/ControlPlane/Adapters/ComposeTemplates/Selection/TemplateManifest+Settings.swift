import ProjectModel

extension TemplateManifest {
    /// The variables for interpolation: `environment`, and the defaults of the settings that it does not give, with
    /// the variables in them put in.
    /// - Throws: `TemplateSettingsError` when a setting without a default is missing or a default cannot be evaluated.
    public func settings(
        overriding environment: [String: String]
    ) throws(TemplateSettingsError) -> [String: String] {
        var resolver = Resolver(environment: environment, variables: variables)
        for variable in variables { _ = try resolver.value(of: variable.name, within: []) }
        return resolver.values
    }

    /// Values of the right form for everything that the manager would provide, for checking a template without a
    /// project.
    public func standIns() -> [String: String] {
        var values = [
            "PROJECT_REF": "abcdefghijklmnopqrst", "PROJECT_NAME": "project", "BIND_ADDRESS": "127.0.0.1",
            "PUBLIC_URL": "http://127.0.0.1:54320", "SUBNET": "10.0.0.0/27",
        ]
        for (index, port) in ports.enumerated() { values[port.name] = String(54_320 + index) }
        for (name, number) in addresses { values[name] = "10.0.0.\(number)" }
        for (name, range) in ranges { values[name] = "10.0.0.\(range.first)/\(range.prefixLength)" }
        for (name, form) in secrets { values[name] = String(repeating: "0", count: form.length) }
        for name in tokens.keys { values[name] = "header.claims.signature" }
        for (name, form) in apiKeys { values[name] = form.standIn }
        for variable in variables where variable.defaultValue == nil && !variable.isOptional {
            values[variable.name] = "0"
        }
        return values
    }
}

extension APIKeyForm {
    /// A value of the right form.
    fileprivate var standIn: String {
        switch self {
        case .publishableList, .publishableDefault: "sb_publishable_0"
        case .secretList, .secretDefault, .manager, .managerWithoutLegacy: "sb_secret_0"
        case .publishableByName, .secretByName: #""default":"sb_0""#
        case .legacyEnabled: "true"
        case .tokenKeySet: #"{"keys":[]}"#
        }
    }
}

/// Why the settings of a template have no values.
public struct TemplateSettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The setting.
    public let variable: String
    /// The problem.
    public let reason: String

    /// `variable: reason`.
    public var description: String { "\(variable): \(reason)" }
}

/// Evaluates defaults, each after those that it uses.
private struct Resolver {
    var values: [String: String]
    let defaults: [String: TemplateVariable]

    init(environment: [String: String], variables: [TemplateVariable]) {
        values = environment
        defaults = Dictionary(variables.map { ($0.name, $0) }) { first, _ in first }
    }

    mutating func value(of name: String, within open: [String]) throws(TemplateSettingsError) -> String? {
        if let value = values[name] { return value }
        guard let variable = defaults[name] else { return nil }
        guard !open.contains(name) else {
            throw TemplateSettingsError(
                variable: name, reason: "its default uses itself: \((open + [name]).joined(separator: " -> "))")
        }
        guard open.count < Interpolation.maximumDepth else {
            throw TemplateSettingsError(
                variable: name, reason: "the defaults use one another more than \(Interpolation.maximumDepth) deep")
        }
        guard let template = variable.defaultValue else {
            if variable.isOptional { return nil }
            let purpose = variable.summary.map { " (\($0))" } ?? ""
            throw TemplateSettingsError(variable: name, reason: "has no default and must be given\(purpose)")
        }
        do {
            for used in try Interpolation.variables(in: template) where defaults[used.name] != nil {
                _ = try value(of: used.name, within: open + [name])
            }
            let text = try Interpolation.substitute(template, variables: values).text
            values[name] = text
            return text
        } catch let error as TemplateSettingsError {
            throw error
        } catch { throw TemplateSettingsError(variable: name, reason: "\(error)") }
    }
}
