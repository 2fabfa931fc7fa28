@testable import StorageAPI

extension StorageFixture {
    func s3(
        _ method: String, _ target: String,
        key: (id: String, secret: String) = ("supa-access-key", "supa-secret-key-0123456789"),
        headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) async throws -> Answer { Answer(status: 0, body: [], headers: [], length: 0) }
}
