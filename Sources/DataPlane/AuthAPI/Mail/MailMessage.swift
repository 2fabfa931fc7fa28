import DataPlaneCore
import PostgresKit
import TokenKit

/// A mail as it goes to the server (RFC 5322), in UTF-8 and base64.
struct MailMessage: Sendable, Equatable {
    private static let lineBytes = 76
    /// Bytes of a header's text that fit into one encoded word (RFC 2047 §2).
    private static let wordBytes = 45

    var from: String
    var fromName: String?
    var to: String
    var subject: String
    var html: String
    var id: String
    var seconds: Double

    var text: String {
        let sender = fromName.map { "\(Self.encodedWords($0)) <\(from)>" } ?? "<\(from)>"
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        let head = [
            "From: \(sender)", "To: <\(Self.clean(to))>", "Subject: \(Self.encodedWords(subject))",
            "Date: \(Self.date(seconds))", "Message-ID: <\(id)@\(domain)>", "MIME-Version: 1.0",
            "Content-Type: text/html; charset=UTF-8", "Content-Transfer-Encoding: base64",
        ]
        return (head + [""] + Self.lines(Base64.encode(Array(html.utf8)))).joined(separator: "\r\n") + "\r\n"
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
        let whole = Int64(seconds)
        let text = PostgresTimestamp(microsecondsSinceEpoch: whole * 1_000_000).text
        let parts = text.split(whereSeparator: { "-: .+".contains($0) })
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = days[Int((whole / 86_400) % 7)]
        let month = months[max(0, min(11, (Int(parts[1]) ?? 1) - 1))]
        return "\(day), \(parts[2]) \(month) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) +0000"
    }
}
