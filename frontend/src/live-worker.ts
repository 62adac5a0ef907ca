/**
 * One event stream for all tabs of a browser: HTTP/1.1 allows six connections an origin, and a stream in every
 * tab would use them up. Tabs say hello with the stream's address and whose it is, and get every message.
 */
import { Stream } from "./stream";

interface Hello {
  hello: { url: string; actor: string };
}

const ports = new Set<MessagePort>();
let stream: Stream | null = null;
let actor = "";

function tell(message: unknown): void {
  for (const port of ports) port.postMessage(message);
}

function greet(port: MessagePort, hello: Hello["hello"]): void {
  ports.add(port);
  if (stream === null || hello.actor !== actor) {
    stream?.close();
    actor = hello.actor;
    stream = new Stream(hello.url, tell);
  } else {
    // What happened between the page's rendering and now, this tab has not heard.
    port.postMessage({ k: stream.up ? "up" : "down", i: null });
    port.postMessage({ k: "resync", i: null });
  }
}

function part(port: MessagePort): void {
  ports.delete(port);
  if (ports.size === 0) {
    stream?.close();
    stream = null;
  }
}

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0];
  if (port === undefined) return;
  port.onmessage = ({ data }: MessageEvent<Hello | "bye">) => {
    if (data === "bye") part(port);
    else greet(port, data.hello);
  };
});
