import ProjectModel

/// Stand-ins for confidential values on their way through interpolation: a text that was made with them shows where
/// each value would be, and holds none. They are drawn for each text, so that no setting can look like one.
struct ConfidentialMarkers {
    private let nonce: String

    /// The values by the names under which they are exported.
    private(set) var values: [String: Secret<String>] = [:]

    init(nonce: String = Self.drawnNonce()) { self.nonce = nonce }

    /// Takes a value in, and gives what stands for it.
    mutating func add(_ name: String, _ value: Secret<String>) -> String {
        values[name] = value
        return marker(of: name)
    }

    /// What stands for the value `name`.
    func marker(of name: String) -> String { "@supamanager-\(nonce):\(name)@" }

    /// `text` with `${NAME}` in place of each stand-in.
    func references(in text: String) -> String {
        var text = text
        for name in values.keys { text = text.replacingScalars(of: marker(of: name), with: "${\(name)}") }
        return text
    }

    /// The names that `text` refers to.
    func used(in text: String) -> Set<String> { Set(values.keys.filter { text.contains("${\($0)}") }) }

    private static func drawnNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next() as UInt64, radix: 16) + String(generator.next() as UInt64, radix: 16)
    }
}
