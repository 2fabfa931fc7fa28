import FoundationEssentials
package import HTTPTypes
package import Identity
package import NIOCore
package import ProjectModel

/// A request as its handler sees it: admitted, with its body complete.
package struct APIRequest: Sendable {
    /// Parts of the path that the route left open, by name.
    package let parameters: [String: String]
    /// The query.
    package let query: QueryParameters
    /// Header fields.
    package var headers = HTTPFields()
    /// The body, at most as large as the route's limit; empty where the route reads it while it comes.
    package let body: ByteBuffer
    /// The body of a route that reads it while it comes.
    package var stream: StreamedRequest?
    /// The body's JSON, or why it is none; absent where the route takes no JSON.
    package var json: Result<JSON, APIError>?
    /// The caller; nil on open routes.
    package let principal: Principal?
    /// The project that the path names, as it was when the request was admitted.
    package var admitted: (any PathProject)?
    /// Address that the request came from.
    package var address = ""
    /// Where an audit event is left whose storing the deadline prevents.
    package var unfinished = UnfinishedDeed()
    /// What the audit trail shall say besides.
    package let audit = AuditNotes()

    /// The project that the path names; 404 when it cannot be one.
    package func ref() throws(APIError) -> ProjectRef { try Self.ref(in: parameters) }

    package static func ref(in parameters: [String: String]) throws(APIError) -> ProjectRef {
        guard let text = parameters["ref"], let ref = ProjectRef(text) else {
            throw APIError(.notFound, "there is no such project: a ref is twenty letters from a to z")
        }
        return ref
    }

    /// The organization that the path names.
    package func slug() throws(APIError) -> String { try parameter("slug") }

    /// A parameter of the path.
    package func parameter(_ name: String) throws(APIError) -> String {
        guard let value = parameters[name] else { throw APIError(.notFound, "this path does not exist") }
        return value
    }

    /// A number in the path; 404 for anything else, as there can be nothing by that name.
    package func number(_ name: String) throws(APIError) -> Int64 {
        guard let number = Int64(try parameter(name)), number > 0 else {
            throw APIError(.notFound, "no object has the number in the path")
        }
        return number
    }

    /// A UUID in the path, in lower case; 404 for anything else.
    package func uuid(_ name: String) throws(APIError) -> String {
        guard let uuid = UUID(uuidString: try parameter(name)) else {
            throw APIError(.notFound, "no object has the identifier in the path")
        }
        return uuid.uuidString.lowercased()
    }

    /// The caller. Only for routes that require one.
    package func caller() throws(APIError) -> Principal {
        guard let principal else { throw .unauthorized("an access token is needed") }
        return principal
    }

    /// The body as JSON, regardless of its content type; 400 that names the field otherwise.
    package func decode<Body: Decodable>(_ type: Body.Type) throws(APIError) -> Body {
        let json = try (json ?? BodyParser.read(body, .body)).get()
        do {
            return try JSONTreeDecoder.decode(type, from: json)
        } catch let error as DecodingError {
            throw APIError(error)
        } catch {
            throw APIError(.badRequest, "the request body cannot be read")
        }
    }

    /// The same, where the body may be left out.
    package func decodeIfPresent<Body: Decodable>(_ type: Body.Type) throws(APIError) -> Body? {
        body.readableBytes == 0 ? nil : try decode(type)
    }
}
