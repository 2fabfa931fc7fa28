import APIKit

/// The answer to a creation: the row of the project, and what an application needs to talk to it.
struct CreatedProject: EncodableBody {
    let row: ProjectRow
    let endpoint: String
    let anonKey: String
    let serviceKey: String

    static let shape = BodyShape<Self>(
        "CreatedProject", including: \.row,
        [
            .init("endpoint", of: \.endpoint),
            .init("anon_key", of: \.anonKey),
            .init("service_key", of: \.serviceKey),
        ])
}
