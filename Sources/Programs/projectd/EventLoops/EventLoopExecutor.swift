import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// Runs tasks on an event loop: between what a request reads, asks the database and writes no thread changes.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}

/// Plain HTTP connections, set up as Hummingbird does and served on their event loops.
struct PlainChannel: HTTPChannelHandler {
    let base: HTTP1Channel

    var responder: Responder { base.responder }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async { await serve(value, logger: logger) }
}

extension HTTPChannelHandler {
    /// Serves a connection on its event loop. When the connection is closed, what is under way for it is cancelled.
    func serve(_ connection: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, logger: Logger) async {
        let channel = connection.channel
        await withTaskExecutorPreference(EventLoopExecutor(channel.eventLoop)) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await handleHTTP(asyncChannel: connection, logger: logger) }
                group.addTask { await channel.isClosed() }
                await group.next()
                group.cancelAll()
            }
        }
    }
}

extension Channel {
    /// Returns when the connection is closed. That succeeds always, also after an error of the connection.
    fileprivate func isClosed() async {
        await withCheckedContinuation { continuation in closeFuture.whenComplete { _ in continuation.resume() } }
    }
}
