import FoundationEssentials
import HTTPTypes
import NIOCore
import ProjectModel

/// A request as its handler sees it: admitted, with its body complete.
struct APIRequest: Sendable {
    /// Parts of the path that the route left open, by name.
    let parameters: [String: String]
    /// The query.
    let query: QueryParameters
    /// The body, at most as large as the server's limit.
    let body: ByteBuffer
    /// Who asks; nobody on open routes.
    let principal: Principal?

    /// The project that the path names; 404 when it cannot be one.
    func ref() throws(APIError) -> ProjectRef {
        guard let text = parameters["ref"], let ref = ProjectRef(text) else {
            throw APIError(.notFound, "there is no such project: a ref is twenty letters from a to z")
        }
        return ref
    }

    /// The body as JSON, whatever its content type says; 400 that names the field otherwise.
    func decode<Body: Decodable>(_ type: Body.Type) throws(APIError) -> Body {
        guard body.readableBytes > 0 else {
            throw APIError(.badRequest, "the request body is empty: a JSON object is expected")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch let error as DecodingError {
            throw APIError(error)
        } catch {
            throw APIError(.badRequest, "the request body cannot be read")
        }
    }
}

extension APIError {
    /// 400 for a body that is not what it should be. Only names and types are told, never a value: it may be secret.
    fileprivate init(_ error: DecodingError) {
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
        case is Double.Type, is Int64.Type, is Int.Type: "a number"
        case is [Any].Type: "a list"
        case is [String: Any].Type: "an object"
        default: "of another type"
        }
    }
}
