import CurlKit
import Testing

@Suite("Bodies that are written while they are sent", .timeLimit(.minutes(1)))
struct UploadTests {
    /// A writer whose body no request takes, and what ends its wait.
    private func written(endedBy end: @escaping @Sendable (HTTPUpload) -> Void) async -> Bool {
        let upload = HTTPUpload(limitBytes: 1)
        async let isWritten = upload.write([1, 2, 3])
        try? await Task.sleep(for: .milliseconds(50))
        end(upload)
        return await isWritten
    }

    @Test("a writer waits no longer when the request failed before anything was sent")
    func closed() async { #expect(await !written { $0.close() }) }

    @Test("a writer waits no longer when the body is given up")
    func abandoned() async { #expect(await !written { $0.abandon() }) }

    @Test("nothing is written after the end")
    func after() async {
        let upload = HTTPUpload(limitBytes: 1)
        upload.close()
        #expect(await !upload.write([1, 2, 3]))
        #expect(await !upload.write([]))
    }
}
