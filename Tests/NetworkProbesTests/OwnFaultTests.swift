import Glibc
import NIOCore
import Reconciler
import Testing

@testable import NetworkProbes

@Suite("What an error on a connection says about the service")
struct OwnFaultTests {
    @Test(
        "when the manager or its host has nothing left to ask with, nothing is known of the service",
        arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL])
    func own(code: CInt) {
        let result = failureResult(IOError(errnoCode: code, reason: "connect"))
        if case .notMade = result {} else { Issue.record("\(result)") }
    }

    @Test(
        "what comes from the other side is the service's",
        arguments: [ECONNREFUSED, ECONNRESET, EPIPE, EHOSTUNREACH, ETIMEDOUT])
    func service(code: CInt) {
        let result = failureResult(IOError(errnoCode: code, reason: "connect"))
        if case .notReady = result {} else { Issue.record("\(result)") }
    }

    @Test("a manager that is stopping learns nothing any more")
    func stopping() {
        #expect(failureResult(EventLoopError.shutdown) == .notMade("the manager is stopping"))
    }
}
