import ProjectModel

/// Edges of a text beyond which there may have been more.
public struct OpenEdges: OptionSet, Sendable, Hashable {
    /// Which ones, as bits.
    public let rawValue: UInt8
    /// Something before it may be missing.
    public static let begin = OpenEdges(rawValue: 1)
    /// Something after it may be missing.
    public static let end = OpenEdges(rawValue: 2)

    /// Edges out of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
}

/// Takes every secret value out of a text before it is stored or shown, down to the shortest password that was ever
/// accepted. Of a value of several lines each longer line is taken out on its own: a log shows them one by one.
///
/// Bytes are compared, not characters: a combining scalar after a secret makes another character of its last one. The
/// work is one pass over the text, however many secrets there are and however alike they begin.
struct Redactor: Sendable {
    /// Most bytes of all forms of a project's secrets together; more than ``ProjectSettingsValues`` lets a project
    /// have. With more than these no text is shown at all.
    static let formBytesMax = 16 << 20
    /// What stands in the place of a secret.
    static let mark = "<secret>"
    /// Of a secret that an edge of the text cuts, shorter pieces stay: they occur in ordinary words.
    static let pieceBytesMin = 4

    private let forms: [[UInt8]]
    private let automaton: SecretAutomaton
    private let isBeyondLimit: Bool

    /// A redactor for some values, by names that count for nothing.
    init(_ secrets: [String: Secret<String>] = [:], formBytesMax: Int = Redactor.formBytesMax) {
        let forms = Self.forms(of: secrets)
        isBeyondLimit = forms.reduce(0) { $0 + $1.count } > formBytesMax
        self.forms = isBeyondLimit ? [] : Array(forms)
        automaton = SecretAutomaton(self.forms)
    }

    /// About how many bytes it holds in memory.
    var bytes: Int { automaton.count * 11 + forms.reduce(0) { $0 + $1.count } }

    /// The text without secrets. At an open edge, what may be a part of a secret goes, too.
    func redacted(_ text: String, open edges: OpenEdges = []) -> String {
        guard !isBeyondLimit else { return Self.mark }
        guard !forms.isEmpty else { return text }
        let bytes = Array(text.utf8)
        var places = Places()
        var node = ByteTrie.root
        for (index, byte) in bytes.enumerated() {
            node = automaton.next(after: node, byte)
            let length = automaton.match(at: node)
            if length > 0 { places.add((index + 1 - length)..<(index + 1)) }
        }
        if edges.contains(.end) { places.add(bytes.count - piece(automaton.depth(of: node))..<bytes.count) }
        if edges.contains(.begin) {
            places.addFirst(0..<piece(remainder(at: bytes, isWhole: edges.contains(.end))))
        }
        return places.masked(bytes)
    }

    private func piece(_ length: Int) -> Int { length < Self.pieceBytesMin ? 0 : length }

    /// Bytes of the longest beginning of a text with which a secret ends; with `isWhole` all of it when it stands
    /// anywhere in a secret.
    private func remainder(at bytes: [UInt8], isWhole: Bool) -> Int {
        let longest = forms.reduce(0) { max($0, $1.count) }
        let beginning = TextBeginning(bytes.prefix(longest))
        var found = 0
        for form in forms {
            let (end, holdsAll) = beginning.ending(of: form)
            if isWhole, holdsAll, bytes.count <= longest { return bytes.count }
            found = max(found, end)
        }
        return found
    }

    /// What is taken out, as bytes; none is empty.
    private static func forms(of secrets: [String: Secret<String>]) -> Set<[UInt8]> {
        let values = secrets.values.map { $0.reveal() }
        let lines = values.flatMap { $0.unicodeScalars.split(whereSeparator: lineBreaks.contains) }
        return Set(
            values.map { Array($0.utf8) }.filter { $0.count >= secretBytesMin }
                + lines.map { Array(String($0).utf8) }.filter { $0.count >= lineBytesMin })
    }

    /// Scalars that end a line.
    private static let lineBreaks: Set<Unicode.Scalar> = [
        "\n", "\u{B}", "\u{C}", "\r", "\u{85}", "\u{2028}", "\u{2029}",
    ]
    /// Shortest secret that is taken out of texts: the shortest password that was ever accepted. Shorter values occur
    /// in ordinary words.
    private static let secretBytesMin = 4
    /// Shortest line of a secret of several lines that is taken out of texts.
    private static let lineBytesMin = 8
}
