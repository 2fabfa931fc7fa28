@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// Where an answer of `/v1` deliberately is not what the published document says, and why.
enum PublishedDifference {
    /// Places by operation, as ``PublishedSchema/Problem`` names them, each with the reason.
    static let all: [String: [String: String]] = [
        "GET /v1/projects/{ref}/functions/{function_slug}/body": [
            "$": "the files of a function as the command line reads them, multipart; the document has an empty object"
        ]
    ]

    static func isKnown(_ problem: PublishedSchema.Problem, _ operation: String) -> Bool {
        all[operation]?[problem.place] != nil
    }
}
