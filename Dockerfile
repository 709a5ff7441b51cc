# The build: everything needed to compile, nothing of which is in the image but the result.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: classic-level ships its binaries, and our own `prepare` needs the sources below.
RUN npm ci --include=dev --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production \
    HOLDFAST_DATA=/data \
    HOLDFAST_LISTEN=0.0.0.0:7420 \
    HOLDFAST_HTTP_LISTEN=0.0.0.0:7421
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
# The folder belongs to the user of the service before it becomes a volume, so that a new volume does too.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 7420 7421
# SIGTERM is answered within 10 s with a checkpoint and exit 0; give `docker stop` longer than that (--time 15).
STOPSIGNAL SIGTERM
# gRPC health by hand: an empty request asks for the whole server, and the bytes 8, 1 answer SERVING.
# The address is the one listened on; 0.0.0.0 as a target is this container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["node", "-e", "const { Client, credentials } = require('@grpc/grpc-js'); new Client(process.env.HOLDFAST_LISTEN, credentials.createInsecure()).makeUnaryRequest('/grpc.health.v1.Health/Check', (request) => request, (bytes) => bytes[0] === 8 && bytes[1] === 1, Buffer.alloc(0), { deadline: Date.now() + 2000 }, (error, serving) => process.exit(!error && serving ? 0 : 1));"]
# Exec form: node itself is process 1 and gets the signal.
CMD ["node", "dist/cli/main.js", "serve"]
