/// Text of a log line. Part of it comes from elsewhere: what a project's database, gateway or containers say, what a
/// client sends.
public enum LogText {
    /// Bytes of a line before its escapes; of a longer one the middle is left out.
    public static let lineBytesMax = 16 << 10
    /// Bytes of a line's end that are kept: handlers write the message last, after what belongs to it.
    private static let tailBytes = 2 << 10

    /// The text on one line, bounded, and without characters that a terminal or a reader of logs would obey: control
    /// characters, separators of lines and paragraphs, marks of the direction of text. `\n`, `\r` and `\t` stand for
    /// themselves, `\u{1B}` for the others.
    public static func line(_ text: String, bytesMax: Int = lineBytesMax) -> String {
        PlainText.replacingObeyed(in: bounded(text, bytesMax: bytesMax), by: escape)
    }

    private static func bounded(_ text: String, bytesMax: Int) -> String {
        let count = text.utf8.count
        guard count > bytesMax else { return text }
        let tail = min(tailBytes, bytesMax / 2)
        let (head, end) = (text.utf8.prefix(bytesMax - tail), text.utf8.suffix(tail))
        // A character that is cut in two is replaced by the decoder.
        return String(decoding: head, as: UTF8.self) + "… \(count - bytesMax) bytes left out …"
            + String(decoding: end, as: UTF8.self)
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        }
    }
}
