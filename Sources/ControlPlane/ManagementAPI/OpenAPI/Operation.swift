import HTTPTypes

/// The OpenAPI description of a route, without method and path.
struct Operation: Sendable {
    /// One line.
    var summary: String
    /// The group in which it is shown; taken from the path when absent.
    var tag: String?
    /// Parameters of the query.
    var query: [Parameter] = []
    /// The body that it takes.
    var body: Body = .none
    /// The response on success.
    var answer: Answer
    /// Refusals besides those that follow from how the route is built, with what they mean.
    var refusals: [Refusal] = []

    /// A parameter of the query.
    struct Parameter: Sendable, Equatable {
        let name: String
        let schema: Schema
        let description: String
        var isRequired = false
    }

    /// The request body of a route.
    enum Body: Sendable, Equatable {
        case none
        case json(Schema)
        /// A JSON body that may be left out.
        case optionalJSON(Schema)
        /// Another type than JSON: files.
        case other(String)

        /// Whether it is read as JSON before the handler sees it.
        var isJSON: Bool { self != .none && (!isUpload || self == .other("application/json")) }

        /// Whether it may be larger than a JSON body.
        var isUpload: Bool { if case .other = self { true } else { false } }
    }

    /// The response of a route.
    struct Answer: Sendable, Equatable {
        let status: HTTPResponse.Status
        /// Nothing for an answer without a body.
        let schema: Schema?
        var contentType = "application/json"

        /// An answer without a body.
        static func empty(_ status: HTTPResponse.Status) -> Answer { Answer(status: status, schema: nil) }
        /// A JSON answer.
        static func json(_ schema: Schema, _ status: HTTPResponse.Status = .ok) -> Answer {
            Answer(status: status, schema: schema)
        }
        /// The JSON form of a type.
        static func of(_ type: any Documented.Type, _ status: HTTPResponse.Status = .ok) -> Answer {
            Answer(status: status, schema: type.schema)
        }
        /// Another type than JSON.
        static func raw(_ contentType: String, _ status: HTTPResponse.Status = .ok) -> Answer {
            Answer(status: status, schema: .text, contentType: contentType)
        }
    }

    /// A refusal that a route may give.
    struct Refusal: Sendable, Equatable {
        let status: HTTPResponse.Status
        let meaning: String
    }
}

extension Operation.Parameter {
    /// Page size of a list.
    static let limit = Operation.Parameter(name: "limit", schema: .integer(1...100), description: "Rows of a page")
    /// Rows before the page.
    static let offset = Operation.Parameter(
        name: "offset", schema: .integer(0...Int64(Int32.max)), description: "Rows left out at the beginning")
}
