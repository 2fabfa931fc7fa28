import ProjectModel

/// Stand-ins for confidential values on their way through interpolation: a text that was made with them shows where each
/// value would be, and holds none.
struct ConfidentialMarkers {
    private static let start = "@supamanager:"
    private static let end = "@"

    /// The values by the names under which they are exported.
    private(set) var values: [String: Secret<String>] = [:]

    /// Takes a value in, and gives what stands for it.
    mutating func add(_ name: String, _ value: Secret<String>) -> String {
        values[name] = value
        return marker(of: name)
    }

    /// What stands for the value `name`.
    func marker(of name: String) -> String { Self.start + name + Self.end }

    /// `text` with `${NAME}` in place of each stand-in.
    func references(in text: String) -> String {
        var text = text
        for name in values.keys { text = text.replacing(marker(of: name), with: "${\(name)}") }
        return text
    }

    /// The names that `text` refers to.
    func used(in text: String) -> Set<String> { Set(values.keys.filter { text.contains("${\($0)}") }) }
}
