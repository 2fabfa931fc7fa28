import FoundationEssentials
import HTTPTypes

extension APIError {
    /// 400 for an invalid body. Names only fields and types, never a value: it may be secret.
    package init(_ error: DecodingError) {
        switch error {
        case .typeMismatch(let type, let context):
            self.init(.badRequest, "\(Self.field(context.codingPath)) must be \(Self.word(for: type))")
        case .valueNotFound(let type, let context):
            self.init(.badRequest, "\(Self.field(context.codingPath)) must be \(Self.word(for: type)), not null")
        case .keyNotFound(let key, let context):
            self.init(.badRequest, "\(Self.field(context.codingPath + [key])) is missing")
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            self.init(.badRequest, "\(Self.field(context.codingPath)) has a value that is not possible")
        case .dataCorrupted: self.init(.badRequest, "the request body is not valid JSON")
        @unknown default: self.init(.badRequest, "the request body cannot be read")
        }
    }

    private static func field(_ path: [any CodingKey]) -> String {
        var field = ""
        for key in path {
            if let index = key.intValue {
                field += "[\(index)]"
            } else {
                field += field.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return field.isEmpty ? "the request body" : field
    }

    private static func word(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type, is any BinaryFloatingPoint.Type: "a number"
        case is [Any].Type: "a list"
        case is [String: Any].Type: "an object"
        default: "of another type"
        }
    }
}
