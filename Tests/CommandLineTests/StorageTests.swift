import HTTPStub
import ManagementClient
import ProjectModel
import Testing

@Suite("S3 keys on the wire")
struct StorageTests {
    private static let ref = ProjectRef(String(repeating: "a", count: 20))

    @Test("keys are made with what they are for, listed without secrets, and deleted by id")
    func keys() async throws {
        let ref = try #require(Self.ref)
        try await withAPI { request in
            switch request.method {
            case "POST": [.response(201, #"{"id":"1","description":"a","access_key":"k","secret_key":"s"}"#)]
            case "DELETE": [.response(204, "")]
            default:
                [
                    .response(
                        200,
                        #"{"data":[{"id":"1","description":"a","access_key":"k","created_at":"t"},{"id":"2","description":"b","created_at":"t"}]}"#
                    )
                ]
            }
        } test: { client, stub, _ async throws in
            let made = try await client.makeStorageCredential("a", of: ref)
            #expect(made.accessKey == "k" && made.secretKey.reveal() == "s" && !"\(made)".contains("\"s\""))
            #expect(try await client.storageCredentials(of: ref).map(\.accessKey) == ["k", nil])
            try await client.deleteStorageCredential("1/2", of: ref)
            let path = "/platform/storage/\(ref)/credentials"
            #expect(stub.requests.map(\.method) == ["POST", "GET", "DELETE"])
            #expect(stub.requests.first?.path == path && stub.requests.first?.bodyText == #"{"description":"a"}"#)
            #expect(stub.requests.last?.path == "\(path)/1%2F2")
        }
    }
}
