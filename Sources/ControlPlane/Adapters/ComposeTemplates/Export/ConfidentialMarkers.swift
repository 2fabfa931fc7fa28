import ProjectModel

/// Stand-ins for confidential values on their way through interpolation: a text that was made with them shows where
/// each value would be, and holds none. They are drawn for each text, so that no setting can look like one.
struct ConfidentialMarkers {
    private let nonce: String

    /// The values by the names under which they are exported.
    private(set) var values: [String: Secret<String>] = [:]

    /// Bytes of the longest name.
    private var longestName = 0

    init(nonce: String = Self.drawnNonce()) { self.nonce = nonce }

    /// Takes a value in, and gives what stands for it.
    mutating func add(_ name: String, _ value: Secret<String>) -> String {
        values[name] = value
        longestName = max(longestName, name.utf8.count)
        return marker(of: name)
    }

    /// What stands for the value `name`.
    private func marker(of name: String) -> String { beginning + name + "@" }

    private var beginning: String { "@supamanager-\(nonce):" }

    /// `text` with `${NAME}` in place of each stand-in.
    func references(in text: String) -> String { replaced(in: text) { name, _ in "${\(name)}" } }

    /// `text` with the values themselves: for files, which hold no variables.
    func revealed(in text: String) -> String { replaced(in: text) { $1.reveal() } }

    /// The names whose stand-ins are in `text`.
    func used(in text: String) -> Set<String> {
        var found: Set<String> = []
        _ = replaced(in: text) { name, _ in
            found.insert(name)
            return ""
        }
        return found
    }

    /// One pass, however many values there are: what follows a stand-in's beginning names the value.
    private func replaced(in text: String, by replacement: (String, Secret<String>) -> String) -> String {
        let (bytes, beginning) = (Array(text.utf8), Array(beginning.utf8))
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == beginning[0], bytes[index...].starts(with: beginning),
                let (name, value) = value(named: bytes[(index + beginning.count)...])
            {
                result += Array(replacement(name, value).utf8)
                index += beginning.count + name.utf8.count + 1
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The value whose name stands at the beginning of `rest`, up to the mark that ends it.
    private func value(named rest: ArraySlice<UInt8>) -> (String, Secret<String>)? {
        guard let end = rest.prefix(longestName + 1).firstIndex(of: UInt8(ascii: "@")) else { return nil }
        let name = String(decoding: rest[..<end], as: UTF8.self)
        return values[name].map { (name, $0) }
    }

    private static func drawnNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next() as UInt64, radix: 16) + String(generator.next() as UInt64, radix: 16)
    }
}
