import FoundationEssentials
import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import ProjectModel

/// A request as its handler sees it: admitted, with its body complete.
struct APIRequest: Sendable {
    /// Parts of the path that the route left open, by name.
    let parameters: [String: String]
    /// The query.
    let query: QueryParameters
    /// Header fields.
    var headers = HTTPFields()
    /// The body, at most as large as the route's limit.
    let body: ByteBuffer
    /// The body's JSON, or why it is none; absent where the route takes no JSON.
    var json: Result<JSON, APIError>?
    /// The caller; nil on open routes.
    let principal: Principal?
    /// The project that the path names, as it was when the request was admitted.
    var admitted: ProjectRecord?
    /// Address that the request came from.
    var address = ""
    /// What the audit trail shall say besides.
    let audit = AuditNotes()

    /// The project that the path names; 404 when it cannot be one.
    func ref() throws(APIError) -> ProjectRef { try Self.ref(in: parameters) }

    static func ref(in parameters: [String: String]) throws(APIError) -> ProjectRef {
        guard let text = parameters["ref"], let ref = ProjectRef(text) else {
            throw APIError(.notFound, "there is no such project: a ref is twenty letters from a to z")
        }
        return ref
    }

    /// The project that the path names, as it was when the request was admitted.
    func project() throws(APIError) -> ProjectRecord {
        guard let admitted else { throw .noProject(try ref()) }
        return admitted
    }

    /// The organization that the path names.
    func slug() throws(APIError) -> String { try parameter("slug") }

    /// A parameter of the path.
    func parameter(_ name: String) throws(APIError) -> String {
        guard let value = parameters[name] else { throw APIError(.notFound, "this path does not exist") }
        return value
    }

    /// A number in the path; 404 for anything else, as there can be nothing by that name.
    func number(_ name: String) throws(APIError) -> Int64 {
        guard let number = Int64(try parameter(name)), number > 0 else {
            throw APIError(.notFound, "no object has the number in the path")
        }
        return number
    }

    /// A UUID in the path, in lower case; 404 for anything else.
    func uuid(_ name: String) throws(APIError) -> String {
        guard let uuid = UUID(uuidString: try parameter(name)) else {
            throw APIError(.notFound, "no object has the identifier in the path")
        }
        return uuid.uuidString.lowercased()
    }

    /// The caller. Only for routes that require one.
    func caller() throws(APIError) -> Principal {
        guard let principal else { throw .unauthorized("an access token is needed") }
        return principal
    }

    /// The body as JSON, regardless of its content type; 400 that names the field otherwise.
    func decode<Body: Decodable>(_ type: Body.Type) throws(APIError) -> Body {
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
    func decodeIfPresent<Body: Decodable>(_ type: Body.Type) throws(APIError) -> Body? {
        body.readableBytes == 0 ? nil : try decode(type)
    }
}
