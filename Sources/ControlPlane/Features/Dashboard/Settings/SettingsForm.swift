import APIKit
import Orchestrator
import ProjectModel
import SettingTables

/// The settings of one service as forms: small ones, because a service has up to two hundred.
struct SettingsForm: Sendable {
    let area: SettingName.Area
    /// Values by key, as the API gives them; secrets are null.
    let values: [String: JSON]

    /// The settings of a group stand in one form.
    struct Group: Sendable, Equatable {
        let name: String
        let keys: [String]
    }

    private var settings: [ServiceSetting] {
        ServiceSettings.table(of: area).settings.filter { !$0.isFixed && values[$0.key] != nil }
    }

    /// Groups in the order of their first key. Auth's are found by the beginning of their names; a setting that would
    /// be alone in one is in the general group, whose name is empty.
    var groups: [Group] {
        var names = [""]
        var keys: [String: [String]] = ["": []]
        let known = settings
        let sizes = Dictionary(grouping: known) { Self.group(of: $0.key) }.mapValues(\.count)
        for setting in known {
            let own = Self.group(of: setting.key)
            let name = area == .auth && sizes[own] ?? 0 > 1 ? own : ""
            if keys[name] == nil { names.append(name) }
            keys[name, default: []].append(setting.key)
        }
        return names.map { Group(name: $0, keys: keys[$0] ?? []) }.filter { !$0.keys.isEmpty }
    }

    /// The first word; of providers the first two.
    static func group(of key: String) -> String {
        let words = key.split(separator: "_")
        let count = words.first == "external" && words.count > 2 ? 2 : 1
        return words.prefix(count).joined(separator: " ")
    }

    /// Flattens the objects of an answer: keys are joined by dots.
    static func flat(_ json: JSON, prefix: String = "") -> [String: JSON] {
        var values: [String: JSON] = [:]
        for (name, value) in json.fields ?? [:] {
            if value.fields != nil {
                values.merge(flat(value, prefix: "\(prefix)\(name).")) { $1 }
            } else {
                values[prefix + name] = value
            }
        }
        return values
    }

    /// A change as the API takes it; nil for a form that changes nothing.
    func change(_ form: FormFields, group: Group) -> JSON? {
        var root: [String: JSON] = [:]
        for setting in settings where group.keys.contains(setting.key) {
            guard let text = form["s-\(setting.key)"], !Self.isUntouched(text, of: setting, in: form),
                let wanted = Self.value(text, of: setting, now: values[setting.key])
            else { continue }
            Self.insert(wanted, path: setting.key.split(separator: ".")[...], object: &root)
        }
        return root.isEmpty ? nil : .object(root)
    }

    /// Settings of a group that were changed since the form was made, to another value than it asks for.
    func conflicts(_ form: FormFields, group: Group) -> [String] {
        settings.filter { setting in
            guard group.keys.contains(setting.key), !setting.isSecret, let text = form["s-\(setting.key)"],
                let seen = form["o-\(setting.key)"], !Self.isUntouched(text, of: setting, in: form)
            else { return false }
            let now = Self.shown(values[setting.key])
            return Self.plain(seen) != Self.plain(now) && Self.plain(text) != Self.plain(now)
        }.map(\.key)
    }

    /// Whether a field still says what it was filled with: then it asks for nothing, whatever holds by now.
    private static func isUntouched(
        _ text: String, of setting: ServiceSetting, in form: FormFields
    ) -> Bool {
        guard !setting.isSecret, let seen = form["o-\(setting.key)"] else { return false }
        return plain(text) == plain(seen)
    }

    private static func plain(_ text: String) -> String { text.replacing("\r\n", with: "\n") }

    private static func insert(_ value: JSON, path: ArraySlice<Substring>, object: inout [String: JSON]) {
        guard let name = path.first.map(String.init) else { return }
        guard path.count > 1 else {
            object[name] = value
            return
        }
        var inner = object[name]?.fields ?? [:]
        insert(value, path: path.dropFirst(), object: &inner)
        object[name] = .object(inner)
    }

    /// What a text asks for; nil where it says what there is.
    static func value(_ text: String, of setting: ServiceSetting, now: JSON?) -> JSON? {
        let text = text.replacing("\r\n", with: "\n")
        if setting.isSecret { return text.isEmpty ? nil : .string(text) }
        guard text != shown(now) else { return nil }
        switch setting.form {
        case .flag: return text.isEmpty ? .null : .boolean(text == "true")
        case .whole, .wholeOrDefault, .seconds:
            return text.isEmpty ? .null : Int64(text).map { .integer($0) } ?? .string(text)
        case .hours: return text.isEmpty ? .null : Double(text).map { .number($0) } ?? .string(text)
        case .quantity: return text.isEmpty ? .null : Int64(text).map { .integer($0) } ?? .string(text)
        case .wholeAsText, .text, .secret, .oneOf: return .string(text)
        }
    }

    /// A value as a field shows it.
    static func shown(_ value: JSON?) -> String {
        switch value {
        case .string(let text)?: text
        case .boolean(let flag)?: "\(flag)"
        case .integer(let number)?: "\(number)"
        case .number(let number)?: number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
        default: ""
        }
    }

    /// The fields of a page.
    ///
    /// - Parameters:
    ///   - given: what was typed into the form of a group, where it was refused.
    ///   - problem: the refusal, which names the setting that it is about.
    ///   - conflicts: the settings that it says were changed meanwhile: saved once more, the form replaces those.
    func fields(given: FormFields?, problem: String?, conflicts: [String] = []) -> PageValue {
        let known = settings
        let subject = problem.flatMap { text in
            conflicts.count > 1
                ? nil : known.map(\.key).filter { text.contains($0) }.max { $0.count < $1.count }
        }
        let chosen = given?["group"]
        return .list(
            groups.map { group in
                let inputs = known.filter { group.keys.contains($0.key) }.map { setting in
                    input(
                        setting, given: chosen == group.name ? given : nil,
                        isKnown: conflicts.contains(setting.key),
                        problem: subject == setting.key ? problem : nil)
                }
                return .object([
                    "name": .text(group.name), "title": .text(group.name.isEmpty ? "General" : group.name),
                    "inputs": .list(inputs), "count": .text("\(inputs.count)"),
                    "is_open": .flag(group.name.isEmpty || chosen == group.name),
                    "problem": chosen == group.name && subject == nil ? .visible(problem) : .none,
                ])
            })
    }

    /// - Parameter isKnown: whether the page says that the setting was changed meanwhile. What it does not say stays
    ///   unseen, so that the next save finds it; an untouched field shows what there is.
    private func input(
        _ setting: ServiceSetting, given: FormFields?, isKnown: Bool, problem: String?
    ) -> PageValue {
        let present = Self.shown(values[setting.key])
        let typed = given?["s-\(setting.key)"]
        let isTouched = given.map { !Self.isUntouched(typed ?? "", of: setting, in: $0) } ?? false
        let value = isTouched ? typed ?? present : present
        let seen = isTouched && !isKnown ? given?["o-\(setting.key)"] ?? present : present
        var choices: [String] = []
        switch setting.form {
        case .flag: choices = ["true", "false"]
        case .oneOf(let words): choices = words
        default: break
        }
        if !choices.isEmpty, !choices.contains(value) { choices.insert(value, at: 0) }
        return .object([
            "key": .text(setting.key),
            "id": .text("s-" + setting.key.map { $0.isLetter || $0.isNumber ? String($0).lowercased() : "-" }.joined()),
            "value": .text(setting.isSecret ? "" : value),
            "seen": .text(setting.isSecret ? "" : seen),
            "is_secret": .flag(setting.isSecret),
            "is_choice": .flag(!choices.isEmpty), "rule": .text(Self.rule(setting)), "problem": .visible(problem),
            "choices": .list(
                choices.map { word in
                    .object([
                        "value": .text(word), "label": .text(word.isEmpty ? "not set" : word),
                        "is_chosen": .flag(word == value),
                    ])
                }),
        ])
    }

    /// Which values are possible, and what holds without one.
    static func rule(_ setting: ServiceSetting) -> String {
        let form =
            switch setting.form {
            case .flag: "true or false"
            case .whole(let range), .wholeAsText(let range):
                "a whole number from \(range.lowerBound) to \(range.upperBound)"
            case .wholeOrDefault(let range):
                "a whole number from \(range.lowerBound) to \(range.upperBound); empty or 0 for the service's own choice"
            case .seconds(let range): "seconds, from \(range.lowerBound) to \(range.upperBound)"
            case .hours: "hours; 0 for no limit"
            case .oneOf: "one of these words"
            case .quantity: "a size or time as PostgreSQL writes it, such as 64MB or 5min; empty for its default"
            case .text: "a text"
            case .secret: "a secret, which is not shown again; empty leaves it as it is"
            }
        let standard = shown(JSONStandard.of(setting.standard))
        return standard.isEmpty ? form : "\(form); \(standard) where nothing is set"
    }
}

/// Standards of settings as JSON.
enum JSONStandard {
    static func of(_ value: SettingValue) -> JSON? {
        switch value {
        case .null: nil
        case .flag(let flag): .boolean(flag)
        case .whole(let number): .integer(number)
        case .number(let number): .number(number)
        case .text(let text): .string(text)
        }
    }
}

extension SettingsForm {
    /// The keys that a service of an area has.
    static func keys(of area: SettingName.Area) -> [String] {
        ServiceSettings.table(of: area).settings.filter { !$0.isFixed }.map(\.key)
    }
}
