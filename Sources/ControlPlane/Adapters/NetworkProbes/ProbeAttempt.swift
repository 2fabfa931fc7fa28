import NIOCore
import NIOPosix
import Reconciler

/// One run of one probe: it has one verdict, the first one, and it ends when its connection is closed.
/// Its state belongs to its event loop.
final class ProbeAttempt: Sendable {
    private struct State: Sendable {
        var channel: (any Channel)?
        var verdict: ProbeResult?
        var timers: [Scheduled<Void>] = []
    }

    private let eventLoop: any EventLoop
    private let deadline: TimeAmount
    private let farewell: TimeAmount
    private let state: NIOLoopBoundBox<State>
    private let outcome: EventLoopPromise<ProbeResult>

    init(on eventLoop: any EventLoop, deadline: TimeAmount, farewell: TimeAmount) {
        self.eventLoop = eventLoop
        self.deadline = max(.zero, min(deadline, ProbeLimits.deadline))
        self.farewell = farewell
        state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: eventLoop)
        outcome = eventLoop.makePromise()
    }

    /// Asks, and returns the verdict as soon as the connection is gone.
    func run(_ question: ProbeQuestion, at address: SocketAddress) async -> ProbeResult {
        eventLoop.execute { self.connect(question, to: address) }
        do {
            return try await outcome.futureResult.get()
        } catch {
            return failureResult(error)
        }
    }

    /// Gives up from any thread.
    func cancel() {
        eventLoop.execute { self.settle(.notMade("the probe was cancelled")) }
    }

    private func connect(_ question: ProbeQuestion, to address: SocketAddress) {
        startTimer(deadline) { self.settle(.notReady(self.lateness)) }
        ClientBootstrap(group: eventLoop)
            .connectTimeout(deadline)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: ProbeLimits.readBytes)
            )
            .channelInitializer { channel in
                self.state.value.channel = channel
                return channel.eventLoop.makeCompletedFuture {
                    try question.talk.install(in: channel.pipeline.syncOperations, for: self)
                }
            }
            .connect(to: address)
            .whenFailure { error in
                let isLate = error as? ChannelError == .connectTimeout(self.deadline)
                self.settle(isLate ? .notReady(self.lateness) : failureResult(error))
            }
    }

    /// Takes the verdict unless there is one already, and closes the connection. On the event loop only.
    func settle(_ result: ProbeResult) {
        conclude(result)
        state.value.channel?.close(promise: nil)
    }

    /// Takes the verdict, sends the end of file, and leaves closing to the service for a moment. A connection closed
    /// while answers are still on their way would be reset, and the service would write that into its log.
    func settleAndLetServiceClose(_ result: ProbeResult) {
        conclude(result)
        startTimer(farewell) { self.settle(result) }
        state.value.channel?.close(mode: .output, promise: nil)
    }

    private func conclude(_ result: ProbeResult) {
        guard state.value.verdict == nil else { return }
        state.value.verdict = result
        guard let channel = state.value.channel else { return finish() }
        channel.closeFuture.whenComplete { _ in self.finish() }
    }

    private func finish() {
        for timer in state.value.timers { timer.cancel() }
        state.value.timers = []
        if let verdict = state.value.verdict { outcome.succeed(verdict) }
    }

    private func startTimer(_ delay: TimeAmount, _ action: @escaping @Sendable () -> Void) {
        state.value.timers.append(eventLoop.scheduleTask(in: delay, action))
    }

    private var lateness: String {
        let isConnected = state.value.channel?.isActive ?? false
        return "no \(isConnected ? "answer" : "connection") within \(durationText(deadline))"
    }
}
