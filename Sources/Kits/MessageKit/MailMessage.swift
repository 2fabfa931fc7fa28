import Glibc
import TokenKit

/// A mail as it goes to the server (RFC 5322), in UTF-8 and base64.
public struct MailMessage: Sendable, Equatable {
    private static let lineBytes = 76
    /// Bytes of a header's text that fit into one encoded word (RFC 2047 §2).
    private static let wordBytes = 45

    /// What a mail says.
    public enum Content: Sendable, Equatable {
        case html(String)
        case plain(String)
    }

    public var from: String
    public var fromName: String?
    /// The recipients; each sees the others.
    public var to: [String]
    public var subject: String
    public var content: Content
    /// What is left of the `@` in `Message-ID`.
    public var id: String
    /// Seconds since 1970.
    public var seconds: Double
    /// The `id` of the mail that this one follows.
    public var inReplyTo: String?
    /// Whether it says that no person wrote it (RFC 3834).
    public var isAutomatic = false

    public init(
        from: String, fromName: String?, to: [String], subject: String, content: Content, id: String, seconds: Double
    ) {
        self.from = from
        self.fromName = fromName
        self.to = to
        self.subject = subject
        self.content = content
        self.id = id
        self.seconds = seconds
    }

    /// Head and body; lines end in CR LF.
    public var text: String {
        let sender = fromName.map { "\(Self.encodedWords($0)) <\(from)>" } ?? "<\(from)>"
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        let (kind, body) =
            switch content {
            case .html(let text): ("html", text)
            case .plain(let text): ("plain", text)
            }
        var head = [
            "From: \(sender)", "To: \(to.map { "<\(Self.clean($0))>" }.joined(separator: ",\r\n "))",
            "Subject: \(Self.encodedWords(subject))", "Date: \(Self.date(seconds))", "Message-ID: <\(id)@\(domain)>",
            "MIME-Version: 1.0", "Content-Type: text/\(kind); charset=UTF-8", "Content-Transfer-Encoding: base64",
        ]
        if isAutomatic { head.append("Auto-Submitted: auto-generated") }
        if let inReplyTo { head.append("In-Reply-To: <\(Self.clean(inReplyTo))@\(domain)>") }
        return (head + [""] + Self.lines(Base64.encode(Array(body.utf8)))).joined(separator: "\r\n") + "\r\n"
    }

    /// A header's text; what is not plain ASCII becomes encoded words, and line ends vanish.
    static func encodedWords(_ text: String) -> String {
        let text = clean(text)
        guard !text.unicodeScalars.allSatisfy({ (0x20..<0x7f).contains($0.value) && $0 != "\"" && $0 != "<" }) else {
            return text
        }
        var words: [String] = []
        var word = ""
        for character in text {
            if word.utf8.count + character.utf8.count > wordBytes {
                words.append(word)
                word = ""
            }
            word.append(character)
        }
        words.append(word)
        return words.map { "=?UTF-8?B?\(Base64.encode(Array($0.utf8)))?=" }.joined(separator: "\r\n ")
    }

    private static func clean(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }))
    }

    private static func lines(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: lineBytes).map { start in
            String(decoding: bytes[start..<min(start + lineBytes, bytes.count)], as: UTF8.self)
        }
    }

    /// `Sat, 21 Nov 2026 03:17:00 +0000`
    static func date(_ seconds: Double) -> String {
        var time = Int(exactly: seconds.rounded(.down)) ?? 0
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "Thu, 01 Jan 1970 00:00:00 +0000" }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { twoDigits($0) }.joined(separator: ":")
        return "\(days[Int(parts.tm_wday)]), \(twoDigits(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(clock) +0000"
    }

    private static func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
