public import NIOCore
import NIOPosix
public import Orchestrator
public import ProjectModel
public import Reconciler

/// Probes services over non-blocking sockets.
///
/// Each run opens one connection, asks once, and returns when that connection is closed again: nothing is retried,
/// resolved by name or kept for the next run. Connecting and answering together are bounded by the deadline, and the
/// answer by 16 KiB. A run costs a socket and a few small objects and no thread of its own, so hundreds a second are
/// cheap. Cancelling the calling task closes the connection.
public struct NIOServiceProber: ServiceProber {
    private let eventLoopGroup: any EventLoopGroup
    private let farewell: TimeAmount

    /// A prober on event loops of the caller's, who keeps them running for as long as the prober is used.
    /// One thread is enough.
    public init(eventLoopGroup: any EventLoopGroup) {
        self.init(eventLoopGroup: eventLoopGroup, farewell: ProbeLimits.farewell)
    }

    /// A prober on one of the process's shared event loops, which never stop: probes that come together wake one
    /// thread.
    public init() { self.init(eventLoopGroup: MultiThreadedEventLoopGroup.singleton.next()) }

    init(eventLoopGroup: any EventLoopGroup, farewell: TimeAmount) {
        self.eventLoopGroup = eventLoopGroup
        self.farewell = farewell
    }

    /// Runs one probe. Texts of failures say what the service did ("connection refused", "answered 503"), never what
    /// the probe's headers or the answer's hold.
    public func run(_ probe: Probe, at address: IPv4Address, deadline: Duration) async -> ProbeResult {
        let question: ProbeQuestion
        let socketAddress: SocketAddress
        do {
            question = try ProbeQuestion(probe, at: address)
            socketAddress = try SocketAddress(ipAddress: address.description, port: Int(question.port))
        } catch {
            return .notReady("\(error)")
        }
        let attempt = ProbeAttempt(
            on: eventLoopGroup.next(), deadline: TimeAmount(deadline), farewell: farewell)
        return await withTaskCancellationHandler {
            await attempt.run(question, at: socketAddress)
        } onCancel: {
            attempt.cancel()
        }
    }
}
