#!/usr/bin/env node
// @ts-nocheck: it is here as it was written.
// The script that this project began with, for `make bench`: only its imports are a module's.
// backstage-oidc-helper.js
// Runs on user's machine via: node backstage-oidc-helper.js

import http from 'http';
import https from 'https';
import crypto from 'crypto';
import { exec } from 'child_process';

const CONFIG = {
  backstageUrl: process.env.BACKSTAGE_URL || 'http://localhost:7007',
  localPort: 8000,
  helperPort: 8888,
};

async function main() {
  console.log('🔐 Backstage OIDC Helper');
  console.log('========================');
  console.log();

  // Step 1: Register with backend
  const session = await registerWithBackend();

  // Step 2: Start local callback server
  const { authUrl } = await startCallbackServer(session);

  // Step 3: Open browser
  console.log('Opening browser for authentication...');
  exec(`open "${authUrl}"`);

  // Server will handle the rest...
}

async function registerWithBackend() {
  console.log('Registering with Backstage backend...');

  const response = await fetch(`${CONFIG.backstageUrl}/api/cluster-auth/register`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Cookie': process.env.BACKSTAGE_SESSION, // From browser
    },
  });

  const { sessionToken, authUrl } = await response.json();

  console.log('✅ Registered with backend');
  return { sessionToken, authUrl };
}

async function startCallbackServer(session) {
  return new Promise((resolve) => {
    const server = http.createServer(async (req, res) => {
      const url = new URL(req.url, 'http://localhost');
      const code = url.searchParams.get('code');
      const state = url.searchParams.get('state');

      if (code) {
        res.writeHead(200, { 'Content-Type': 'text/html' });
        res.end('<h1>✅ Success! You can close this window.</h1>');

        server.close();

        // Send tokens to backend
        await sendTokensToBackend(session.sessionToken, code, state);

        console.log('✅ Authentication complete!');
        process.exit(0);
      }
    });

    server.listen(CONFIG.localPort, '127.0.0.1', () => {
      console.log(`✅ Local server started on http://localhost:${CONFIG.localPort}`);
      resolve({ authUrl: session.authUrl });
    });
  });
}

async function sendTokensToBackend(sessionToken, code, state) {
  await fetch(`${CONFIG.backstageUrl}/api/cluster-auth/exchange`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Authorization': `Bearer ${sessionToken}`,
    },
    body: JSON.stringify({ code, state }),
  });
}

main();
