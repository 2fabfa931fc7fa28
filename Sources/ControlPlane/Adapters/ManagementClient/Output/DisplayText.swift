/// Text on its way to a terminal. What comes from projects and people must not move the cursor or hide other text, and
/// takes as many columns as it takes.
public enum DisplayText {
    /// The text without control characters: a tab or a line end becomes a space, anything else goes.
    public static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.compactMap { scalar in
                    if isControl(scalar) { return ["\t", "\n", "\r"].contains(scalar) ? " " : nil }
                    return scalar
                }))
    }

    /// The text without control characters but for tabs and line ends, and without the escape sequences of terminals.
    public static func lines(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\u{1B}" {
                skipSequence(&rest)
            } else if !isControl(scalar) || scalar == "\n" || scalar == "\t" {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// A JSON text in which no string holds a control character that terminals act on: encoders escape the first 32
    /// alone.
    public static func json(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            guard isControl(scalar), scalar != "\n" else { return result.unicodeScalars.append(scalar) }
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }

    /// The text in quotation marks, in one line.
    public static func quoted(_ text: String) -> String { "\"\(oneLine(text))\"" }

    /// Columns that the text takes.
    public static func width(_ text: String) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    /// The text, cut to a number of columns; an ellipsis stands for what is missing.
    public static func truncated(_ text: String, to columns: Int) -> String {
        if width(text) <= columns { return text }
        guard columns > 0 else { return "" }
        var result = ""
        var used = 0
        for character in text {
            let next = width(character)
            if used + next > columns - 1 { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }

    /// The text with spaces at its end, up to a number of columns.
    static func padded(_ text: String, to columns: Int) -> String {
        text + String(repeating: " ", count: max(0, columns - width(text)))
    }

    /// Blocks whose characters take two columns: East Asian scripts and pictures.
    private static let wideBlocks: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD,
    ]

    private static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first, !scalar.isASCII else { return 1 }
        return wideBlocks.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// C0, delete, C1, and the marks that turn the direction of text around.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
        default: false
        }
    }

    /// The rest of an escape sequence: `[`, parameters and a final letter, or one character.
    private static func skipSequence(_ rest: inout Substring.UnicodeScalarView) {
        guard let first = rest.popFirst(), first == "[" else { return }
        while let scalar = rest.first, (0x20...0x3F).contains(scalar.value) { rest.removeFirst() }
        if let last = rest.first, (0x40...0x7E).contains(last.value) { rest.removeFirst() }
    }
}
