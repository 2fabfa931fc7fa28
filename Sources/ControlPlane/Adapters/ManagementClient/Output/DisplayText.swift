import LogKit

/// Text on its way to a terminal. What comes from projects and people must not move the cursor or hide other text, and
/// takes as many columns as it takes.
public enum DisplayText {
    /// The text without characters that are obeyed: a tab or a line end becomes a space, anything else goes.
    public static func oneLine(_ text: String) -> String {
        PlainText.replacingObeyed(in: text) { ["\t", "\n", "\r"].contains($0) ? " " : "" }
    }

    /// The text without such characters but for tabs and line ends, and without the escape sequences of terminals.
    public static func lines(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\u{1B}" { skipSequence(&rest) } else { result.append(scalar) }
        }
        return PlainText.replacingObeyed(in: String(result)) { $0 == "\n" || $0 == "\t" ? String($0) : "" }
    }

    /// A JSON text in which no string holds a character that terminals act on: encoders escape the first 32 alone.
    public static func json(_ text: String) -> String {
        PlainText.replacingObeyed(in: text) { scalar in
            guard scalar != "\n" else { return "\n" }
            return scalar.utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
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

    /// The rest of an escape sequence: `[`, parameters and a final letter, or one character.
    private static func skipSequence(_ rest: inout Substring.UnicodeScalarView) {
        guard let first = rest.popFirst(), first == "[" else { return }
        while let scalar = rest.first, (0x20...0x3F).contains(scalar.value) { rest.removeFirst() }
        if let last = rest.first, (0x40...0x7E).contains(last.value) { rest.removeFirst() }
    }
}
