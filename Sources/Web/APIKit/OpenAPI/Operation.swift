package import HTTPTypes

/// The OpenAPI description of a route, without method and path.
package struct Operation: Sendable {
    /// One line.
    package var summary: String
    /// The group in which it is shown; taken from the path when absent.
    package var tag: String?
    /// Parameters of the query.
    package var query: [Parameter] = []
    /// The body that it takes.
    package var body: Body = .none
    /// The response on success.
    package var answer: Answer
    /// Refusals besides those that follow from how the route is built, with what they mean.
    package var refusals: [Refusal] = []

    package init(
        summary: String, tag: String? = nil, query: [Parameter] = [], body: Body = .none, answer: Answer,
        refusals: [Refusal] = []
    ) {
        self.summary = summary
        self.tag = tag
        self.query = query
        self.body = body
        self.answer = answer
        self.refusals = refusals
    }

    /// A parameter of the query.
    package struct Parameter: Sendable, Equatable {
        package let name: String
        package let schema: Schema
        package let description: String
        package var isRequired = false

        package init(name: String, schema: Schema, description: String, isRequired: Bool = false) {
            self.name = name
            self.schema = schema
            self.description = description
            self.isRequired = isRequired
        }
    }

    /// The request body of a route.
    package enum Body: Sendable, Equatable {
        case none
        case json(Schema)
        /// A JSON body that may be left out.
        case optionalJSON(Schema)
        /// Another type than JSON: files.
        case other(String)
        /// The fields of a form of a page.
        case form

        /// Whether it is read as JSON before the handler sees it.
        package var isJSON: Bool { self != .none && self != .form && (!isUpload || self == .other("application/json")) }

        /// Whether it may be larger than a JSON body.
        package var isUpload: Bool { if case .other = self { true } else { false } }
    }

    /// The response of a route.
    package struct Answer: Sendable, Equatable {
        package let status: HTTPResponse.Status
        /// Nothing for an answer without a body.
        package let schema: Schema?
        package var contentType = "application/json"

        package init(status: HTTPResponse.Status, schema: Schema?, contentType: String = "application/json") {
            self.status = status
            self.schema = schema
            self.contentType = contentType
        }

        /// An answer without a body.
        package static func empty(_ status: HTTPResponse.Status) -> Answer { Answer(status: status, schema: nil) }
        /// A JSON answer.
        package static func json(_ schema: Schema, _ status: HTTPResponse.Status = .ok) -> Answer {
            Answer(status: status, schema: schema)
        }
        /// The JSON form of a type.
        package static func of(_ type: any Documented.Type, _ status: HTTPResponse.Status = .ok) -> Answer {
            Answer(status: status, schema: type.schema)
        }
        /// Another type than JSON.
        package static func raw(_ contentType: String, _ status: HTTPResponse.Status = .ok) -> Answer {
            Answer(status: status, schema: .text, contentType: contentType)
        }
    }

    /// A refusal that a route may give.
    package struct Refusal: Sendable, Equatable {
        package let status: HTTPResponse.Status
        package let meaning: String

        package init(status: HTTPResponse.Status, meaning: String) {
            self.status = status
            self.meaning = meaning
        }
    }
}

extension Operation.Parameter {
    /// Page size of a list.
    package static let limit = Operation.Parameter(
        name: "limit", schema: .integer(1...100), description: "Rows of a page")
    /// Rows before the page.
    package static let offset = Operation.Parameter(
        name: "offset", schema: .integer(0...Int64(Int32.max)), description: "Rows left out at the beginning")
}
