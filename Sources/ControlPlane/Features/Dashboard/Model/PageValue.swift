package import APIKit
import Mustache

/// What a page shows: a value that a template can name. Texts are made visible when they come in, and escaped when the
/// template engine asks for them.
package enum PageValue: Sendable, Equatable {
    case none
    case text(String)
    case flag(Bool)
    case list([PageValue])
    case object([String: PageValue])

    /// The value of a JSON field. To each time a second field is added, `NAME_shown`, as people read it.
    package init(_ json: JSON?) {
        switch json {
        case nil, .null: self = .none
        case .boolean(let value): self = .flag(value)
        case .integer(let value): self = .text("\(value)")
        case .number(let value): self = .text("\(value)")
        case .string(let value): self = .text(PageText.visible(value))
        case .array(let values): self = .list(values.map { PageValue($0) })
        case .object(let fields):
            var shown = fields.mapValues { PageValue($0) }
            for (name, value) in fields {
                if let text = value.text, let time = PageText.time(text) { shown["\(name)_shown"] = .text(time) }
            }
            self = .object(shown)
        }
    }

    /// A text of unknown origin.
    package static func visible(_ text: String?) -> PageValue { text.map { .text(PageText.visible($0)) } ?? .none }

    /// The same object with further fields; theirs win.
    package func adding(_ more: [String: PageValue]) -> PageValue {
        guard case .object(let fields) = self else { return .object(more) }
        return .object(fields.merging(more) { $1 })
    }

    package subscript(_ name: String) -> PageValue {
        guard case .object(let fields) = self else { return .none }
        return fields[name] ?? .none
    }

    /// The text, where it is one.
    package var string: String? { if case .text(let text) = self { text } else { nil } }

    /// The elements, where it is a list.
    package var elements: [PageValue] { if case .list(let values) = self { values } else { [] } }
}

extension PageValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .text(value) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
}

/// The template engine's view. A field without a value hides those of the same name further out.
extension PageValue: MustacheCustomRepresentation {
    package var representation: Any? {
        switch self {
        case .none: nil
        case .text(let text): text.isEmpty ? nil : Self.escaped(text)
        case .flag(let flag): flag
        case .list(let values): values
        case .object(let fields): fields
        }
    }

    /// A text as HTML, byte by byte: no mark can hide one of the five.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
