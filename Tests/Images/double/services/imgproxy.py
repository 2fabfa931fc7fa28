"""imgproxy: image transformation, port 5001. It reads what storage wrote."""

import os

from contract import Refusal
from web import Reply, serve


def start(environment, arguments, log):
    address = environment.text("IMGPROXY_BIND", pattern=r"[\w.]*:\d+")
    root = environment.text("IMGPROXY_LOCAL_FILESYSTEM_ROOT", pattern=r"/\S*")
    environment.flag("IMGPROXY_USE_ETAG")
    environment.flag("IMGPROXY_AUTO_WEBP")
    environment.text("IMGPROXY_MAX_SRC_RESOLUTION", pattern=r"\d+(\.\d+)?")
    environment.finish()

    files = os.path.join(root, "var/lib/storage")
    if not os.access(files, os.R_OK | os.X_OK):
        raise Refusal(f"cannot read storage's files in {files}")

    def answer(request):
        if request.path == "/health":
            return Reply(200, "imgproxy is running")
        return Reply(404, "Invalid URL")

    port = int(address.rpartition(":")[2])
    serve(port, answer, log)
    log("info", f"Starting server at :{port}")
