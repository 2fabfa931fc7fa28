import Orchestrator
import PostgresKit

extension JSONParameter {
    /// The parameter in PostgreSQL's text form, for the server to read as the type that it finds for it.
    var wire: PostgresParameter {
        switch self {
        case .null: .null
        default: .text(text)
        }
    }

    private var text: String {
        switch self {
        case .string(let text), .number(let text), .json(let text): text
        case .bool(let truth): truth ? "true" : "false"
        case .null: "NULL"
        case .array(let elements): "{" + elements.map(\.arrayElement).joined(separator: ",") + "}"
        }
    }

    /// The parameter inside an array: everything quoted but NULL and further dimensions.
    private var arrayElement: String {
        switch self {
        case .null, .array: return text
        default:
            var quoted = String.UnicodeScalarView()
            for scalar in text.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { quoted.append("\\") }
                quoted.append(scalar)
            }
            return "\"" + String(quoted) + "\""
        }
    }

    /// Bytes of the parameter, for the limit.
    var byteCount: Int {
        switch self {
        case .array(let elements): elements.reduce(2) { $0 + $1.byteCount + 3 }
        default: text.utf8.count
        }
    }
}
